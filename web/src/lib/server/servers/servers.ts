import {
  McpServerRow,
  type McpServerInput,
  type McpServerPatch,
} from '@patchbay/shared/contract/schema/server';
import { planMove, type Direction } from '../../servers/order.ts';
import { allRows, CHANGED, NOT_FOUND, rows, unavailable, writeFailure } from '../database.ts';
import type { Result } from '../result.ts';
import type { SignedIn } from '../auth/session.ts';
import { withOwnStatus } from './sign-ins.ts';

const COLUMNS = Object.keys(McpServerRow.shape).join(',');
const TABLE = 'mcp_servers';
/** Ids per request, to keep its URL short. */
export const IDS_PER_REQUEST = 100;

/** Lists the servers of a workspace in its manual order. */
export async function listServers(who: SignedIn, workspaceId: string): Promise<McpServerRow[]> {
  const servers = await allRows(
    (from, to) =>
      who.supabase
        .from(TABLE)
        .select(COLUMNS)
        .eq('workspace_id', workspaceId)
        .order('position')
        .order('created_at')
        .order('id')
        .range(from, to),
    McpServerRow,
  );
  return withOwnStatus(who, servers);
}

/** Reads the servers with these ids that still exist and that the user can see. */
export async function readServers(who: SignedIn, ids: string[]): Promise<McpServerRow[]> {
  return withOwnStatus(who, await rows(who.supabase.from(TABLE).select(COLUMNS).in('id', ids), McpServerRow));
}

export async function readServer(who: SignedIn, id: string): Promise<McpServerRow | null> {
  return (await readServers(who, [id]))[0] ?? null;
}

export async function countServers(who: SignedIn, workspaceId: string): Promise<number> {
  const { count } = await who.supabase
    .from(TABLE)
    .select('id', { count: 'exact', head: true })
    .eq('workspace_id', workspaceId);
  return count ?? 0;
}

export async function createServer(
  who: SignedIn,
  workspaceId: string,
  input: Pick<McpServerInput, 'name' | 'url'> & Partial<McpServerInput>,
): Promise<Result<McpServerRow>> {
  // The database assigns a position if there is none.
  const row = { ...input, workspace_id: workspaceId } as typeof input & { position: number };
  const answer = await who.supabase.from(TABLE).insert(row).select(COLUMNS);
  return written(answer);
}

/**
 * Row level security hides what the user may not change, so a refused change reads as `NOT_FOUND`.
 * @param unchangedSince `updated_at` of the row that was edited; `CHANGED` if the row has another one by now
 */
export async function updateServer(
  who: SignedIn,
  id: string,
  patch: McpServerPatch,
  unchangedSince?: string,
): Promise<Result<McpServerRow>> {
  const change = who.supabase.from(TABLE).update(patch).eq('id', id);
  const guarded = unchangedSince === undefined ? change : change.eq('updated_at', unchangedSince);
  const result = written(await guarded.select(COLUMNS));
  if (result !== NOT_FOUND || unchangedSince === undefined) return result;
  const now = await readServer(who, id);
  return now && now.updated_at !== unchangedSince ? CHANGED : result;
}

/**
 * Swaps a server with its neighbor in the manual order.
 * @returns the written rows; none at the edge
 */
export async function moveServer(
  who: SignedIn,
  workspaceId: string,
  id: string,
  direction: Direction,
): Promise<Result<McpServerRow[]>> {
  const moved: McpServerRow[] = [];
  for (const { id: each, position } of planMove(await listServers(who, workspaceId), id, direction)) {
    const result = await updateServer(who, each, { position });
    if (!result.ok) return result;
    moved.push(result.value);
  }
  return { ok: true, value: moved };
}

/** Applies one change to several servers. @returns those that the user may change */
export function patchServers(who: SignedIn, ids: string[], patch: McpServerPatch): Promise<McpServerRow[]> {
  return rows(who.supabase.from(TABLE).update(patch).in('id', ids).select(COLUMNS), McpServerRow);
}

/**
 * Deletes servers. Deleting twice succeeds, since both the timer and a closing page may send a delayed delete.
 * @returns ids of servers that the user may not delete
 */
export async function deleteServers(who: SignedIn, ids: string[]): Promise<string[]> {
  const left: string[] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
    const some = ids.slice(start, start + IDS_PER_REQUEST);
    const { error, status } = await who.supabase.from(TABLE).delete().in('id', some);
    if (error) unavailable(status);
    left.push(...(await readServers(who, some)).map((server) => server.id));
  }
  return left;
}

function written(answer: {
  data: unknown;
  error: { code: string; message: string } | null;
  status: number;
}): Result<McpServerRow> {
  if (answer.error) return writeFailure(answer.error, answer.status);
  const row = McpServerRow.array().parse(answer.data)[0];
  return row ? { ok: true, value: row } : NOT_FOUND;
}
