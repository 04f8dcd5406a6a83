import { z } from 'zod';
import { rows } from '../database.ts';
import type { SignedIn } from '../auth/session.ts';

const Change = z.object({ from: z.unknown(), to: z.unknown() }).partial().nullable();

/** A row of `audit_events`. A change without values is one whose values are not stored. */
export const AuditEvent = z.object({
  id: z.string(),
  actor_id: z.string().nullable(),
  token_name: z.string().nullable(),
  action: z.enum(['insert', 'update', 'delete', 'move_in', 'move_out', 'export', 'import', 'sign_out']),
  table_name: z.string(),
  row_id: z.string().nullable(),
  row_name: z.string().nullable(),
  changes: z.record(z.string(), Change),
  created_at: z.string(),
});
export type AuditEvent = z.infer<typeof AuditEvent>;

export interface AuditFilter {
  about: string | null;
  by: string | null;
  row?: string;
  before: string | null;
}

/** Lists the audit events of a workspace, newest first; none unless the user is owner or admin. */
export function listAuditEvents(
  who: SignedIn,
  workspaceId: string,
  { about, by, row, before }: AuditFilter,
  limit: number,
): Promise<AuditEvent[]> {
  let query = who.supabase
    .from('audit_events')
    .select(Object.keys(AuditEvent.shape).join(','))
    .eq('workspace_id', workspaceId);
  if (about) query = query.eq('table_name', about);
  if (by) query = query.eq('actor_id', by);
  if (row) query = query.eq('row_id', row);
  if (before) query = query.lt('created_at', before);
  return rows(query.order('created_at', { ascending: false }).limit(limit), AuditEvent);
}
