import { z } from 'zod';
import { Timestamp } from './server.ts';

export const NoticeKind = z.enum([
  'down',
  'needs_auth',
  'back',
  'unstable',
  'tools_changed',
  'certificate',
  'credential_dropped',
  'credential_held',
  'webhook_paused',
]);

/** What a notice says beside its kind; which of it is there depends on the kind. */
const NoticeDetails = z.looseObject({
  started_at: Timestamp.nullish(),
  ended_at: Timestamp.nullish(),
  error_code: z.string().nullish(),
  error_message: z.string().nullish(),
  added: z.array(z.string()).nullish(),
  changed: z.array(z.string()).nullish(),
  removed: z.array(z.string()).nullish(),
  expires_at: Timestamp.nullish(),
  /** Whose address changed: `key` or `sign_in`. */
  credential: z.string().nullish(),
  old_url: z.string().nullish(),
  new_url: z.string().nullish(),
});

/** A row of `notices` as REST gives it. */
export const NoticeRow = z.object({
  id: z.string(),
  /** Null: it is about the workspace. */
  server_id: z.string().nullable(),
  kind: NoticeKind,
  details: NoticeDetails,
  created_at: Timestamp,
});
export type NoticeRow = z.infer<typeof NoticeRow>;
