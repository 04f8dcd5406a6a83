import { NoticeRow } from '@patchbay/shared/contract/schema/notice';
import { z } from 'zod';
import { rows } from './database.ts';
import type { SignedIn } from './auth/session.ts';

const COLUMNS = Object.keys(NoticeRow.shape).join(',');
const Named = z.object({ id: z.string(), name: z.string() });
const Read = z.object({ notice_id: z.string() });

export interface Notice extends NoticeRow {
  server_name: string;
  is_read: boolean;
}

/** Lists the latest notices of a workspace, newest first. */
export async function listNotices(who: SignedIn, workspaceId: string, limit: number): Promise<Notice[]> {
  const notices = await rows(
    who.supabase
      .from('notices')
      .select(COLUMNS)
      .eq('workspace_id', workspaceId)
      .order('created_at', { ascending: false })
      .limit(limit),
    NoticeRow,
  );
  if (notices.length === 0) return [];
  const ids = notices.map(({ id }) => id);
  const serverIds = [...new Set(notices.flatMap(({ server_id }) => server_id ?? []))];
  const [servers, read] = await Promise.all([
    rows(who.supabase.from('mcp_servers').select('id, name').in('id', serverIds), Named),
    rows(who.supabase.from('notice_reads').select('notice_id').in('notice_id', ids), Read),
  ]);
  const names = new Map(servers.map(({ id, name }) => [id, name]));
  const readIds = new Set(read.map(({ notice_id }) => notice_id));
  return notices.map((notice) => ({
    ...notice,
    server_name: (notice.server_id && names.get(notice.server_id)) ?? 'A server',
    is_read: readIds.has(notice.id),
  }));
}

/** Marks notices as read by the user, ignoring deleted ones. */
export async function markRead(who: SignedIn, workspaceId: string, ids: string[]): Promise<void> {
  const listed = await listNotices(who, workspaceId, 200);
  const unread = listed.filter((notice) => !notice.is_read && ids.includes(notice.id));
  if (unread.length === 0) return;
  await who.supabase.from('notice_reads').insert(unread.map(({ id }) => ({ notice_id: id })));
}
