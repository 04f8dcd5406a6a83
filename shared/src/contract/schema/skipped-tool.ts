import { z } from 'zod';

/** A tool that cannot be used, and why. Its name is empty where it has none. */
export const SkippedTool = z.object({ name: z.string(), reason: z.string() });
export type SkippedTool = z.infer<typeof SkippedTool>;
