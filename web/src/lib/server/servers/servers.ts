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
/** Ids of one request; keeps its address short. */
export const IDS_AT_ONCE = 100;

/** All servers of a workspace, in the order of its users. */
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

/** The servers with these ids that the user may see; ids that are missing in the answer are gone. */
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

/** @returns the new row, or which rule of the database refused it */
export async function createServer(
  who: SignedIn,
  workspaceId: string,
  input: Pick<McpServerInput, 'name' | 'url'> & Partial<McpServerInput>,
): Promise<Result<McpServerRow>> {
  // Its place in the order is given by the database where there is none.
  const row = { ...input, workspace_id: workspaceId } as typeof input & { position: number };
  const answer = await who.supabase.from(TABLE).insert(row).select(COLUMNS);
  return written(answer);
}

/**
 * Row level security hides what may not be changed, so a refused change reads as `NOT_FOUND`.
 * @param unchangedSince `updated_at` of the row that the change was made for; another one reads as `CHANGED`
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
 * Changes places with the neighbour in the order of the workspace.
 * @returns the rows that were written; none at the edge
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

/** Makes one change to several servers; @returns those that the user may change */
export function patchServers(who: SignedIn, ids: string[], patch: McpServerPatch): Promise<McpServerRow[]> {
  return rows(who.supabase.from(TABLE).update(patch).in('id', ids).select(COLUMNS), McpServerRow);
}

/**
 * Deletes servers. Deleting twice is no failure: a delayed delete may be sent by the timer and by the page
 * that goes away.
 * @returns ids of servers that are still there, because the user may not delete them
 */
export async function deleteServers(who: SignedIn, ids: string[]): Promise<string[]> {
  const left: string[] = [];
  for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
    const some = ids.slice(start, start + IDS_AT_ONCE);
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
