import { McpServerRow, type McpServerInput, type McpServerPatch } from '@patchbay/shared/schema/server';
import { planMove, type Direction } from '../servers/order.ts';
import { firstRow, rows, writeProblem, type WriteProblem } from './database.ts';
import type { SignedIn } from './session.ts';

export type Written<T> = { ok: true; value: T } | { ok: false; problem: WriteProblem };

const COLUMNS = Object.keys(McpServerRow.shape).join(',');
const TABLE = 'mcp_servers';
/** PostgREST's own row limit on hosted Supabase; a larger workspace is read in slices. */
const SLICE = 1000;

/** All servers of a workspace, in the order of its users. */
export async function listServers(who: SignedIn, workspaceId: string): Promise<McpServerRow[]> {
  const found: McpServerRow[] = [];
  for (;;) {
    const slice = await rows(
      who.supabase
        .from(TABLE)
        .select(COLUMNS)
        .eq('workspace_id', workspaceId)
        .order('position')
        .order('created_at')
        .order('id')
        .range(found.length, found.length + SLICE - 1),
      McpServerRow,
    );
    found.push(...slice);
    if (slice.length < SLICE) return found;
  }
}

/** The servers with these ids that the user may see; ids that are missing in the answer are gone. */
export function readServers(who: SignedIn, ids: string[]): Promise<McpServerRow[]> {
  return rows(who.supabase.from(TABLE).select(COLUMNS).in('id', ids), McpServerRow);
}

export function readServer(who: SignedIn, id: string): Promise<McpServerRow | null> {
  return firstRow(who.supabase.from(TABLE).select(COLUMNS).eq('id', id), McpServerRow);
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
): Promise<Written<McpServerRow>> {
  const answer = await who.supabase
    .from(TABLE)
    .insert({ ...input, workspace_id: workspaceId })
    .select(COLUMNS);
  return written(answer);
}

/** Row level security hides what may not be changed, so a refused change reads as `not_found`. */
export async function updateServer(
  who: SignedIn,
  id: string,
  patch: McpServerPatch,
): Promise<Written<McpServerRow>> {
  return written(await who.supabase.from(TABLE).update(patch).eq('id', id).select(COLUMNS));
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
): Promise<Written<McpServerRow[]>> {
  const moved: McpServerRow[] = [];
  for (const { id: each, position } of planMove(await listServers(who, workspaceId), id, direction)) {
    const result = await updateServer(who, each, { position });
    if (!result.ok) return result;
    moved.push(result.value);
  }
  return { ok: true, value: moved };
}

/** Deleting twice is no failure: a delayed delete may be sent by the timer and by the page that goes away. */
export async function deleteServer(who: SignedIn, id: string): Promise<Written<null>> {
  const { error, status } = await who.supabase.from(TABLE).delete().eq('id', id);
  return error ? { ok: false, problem: writeProblem(error.code, status) } : { ok: true, value: null };
}

function written(answer: {
  data: unknown;
  error: { code: string } | null;
  status: number;
}): Written<McpServerRow> {
  if (answer.error) return { ok: false, problem: writeProblem(answer.error.code, answer.status) };
  const row = McpServerRow.array().parse(answer.data)[0];
  return row ? { ok: true, value: row } : { ok: false, problem: 'not_found' };
}
