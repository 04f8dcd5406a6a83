import { z } from 'zod';

/** What the database tells of a limit that was reached: in `details` of REST, in the body of a function. */
export const LimitReached = z.object({
  /** A name of the table `limits`. */
  limit: z.string(),
  allowed: z.int(),
  used: z.int(),
  /** Seconds after which the call may succeed; only for rates. */
  retry_after_s: z.int().optional(),
});
export type LimitReached = z.infer<typeof LimitReached>;

/** A row of the answer of `workspace_usage`; `allowed` is null where there is no limit, `used` where it is a length. */
export const WorkspaceUsageRow = z.object({
  limit: z.string(),
  allowed: z.int().nullable(),
  used: z.int().nullable(),
});
export type WorkspaceUsageRow = z.infer<typeof WorkspaceUsageRow>;
