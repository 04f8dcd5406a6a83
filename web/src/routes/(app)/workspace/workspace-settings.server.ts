import { readFields } from '@patchbay/shared/contract/schema/fields';
import { WorkspaceUsageRow } from '@patchbay/shared/contract/schema/limits';
import { TagName } from '@patchbay/shared/contract/schema/server';
import { TagChange, WorkspaceInput } from '@patchbay/shared/contract/schema/workspace';
import { z } from 'zod';
import { FORBIDDEN, invalidInput, rows, writeFailure, writtenRows } from '$lib/server/database.ts';
import { callProcedure } from '$lib/server/procedures.ts';
import { failure, type Result } from '$lib/server/result.ts';
import type { SignedIn } from '$lib/server/auth/session.ts';

const NewTag = z.object({ new_tag: TagName });

const WorkspacePatch = WorkspaceInput.extend({ keep_transcripts: z.boolean() }).partial();

/** Reads the workspace's usage of its limits. */
export async function readUsage(who: SignedIn, workspaceId: string): Promise<WorkspaceUsageRow[]> {
  return rows(who.supabase.rpc('workspace_usage', { p_workspace_id: workspaceId }), WorkspaceUsageRow);
}

/** Lists all tags with their number of servers, by name. */
export async function listTags(
  who: SignedIn,
  workspaceId: string,
): Promise<{ tag: string; servers: number }[]> {
  const found = await rows(
    who.supabase.from('mcp_servers').select('tags').eq('workspace_id', workspaceId),
    z.object({ tags: z.array(z.string()) }),
  );
  const counts = new Map<string, number>();
  for (const tag of found.flatMap(({ tags }) => tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].map(([tag, servers]) => ({ tag, servers })).sort((a, b) => a.tag.localeCompare(b.tag));
}

export async function renameTag(
  who: SignedIn,
  workspaceId: string,
  tag: string,
  newTag: string,
): Promise<Result<TagChange>> {
  const read = readFields(NewTag, { new_tag: newTag });
  if (!read.ok) return invalidInput(read.fieldErrors);
  const args = { p_workspace_id: workspaceId, p_tag: tag, p_new_tag: read.value.new_tag };
  return callProcedure(who, 'rename_tag', args, TagChange);
}

export const removeTag = (who: SignedIn, workspaceId: string, tag: string) =>
  callProcedure(who, 'remove_tag', { p_workspace_id: workspaceId, p_tag: tag }, TagChange);

/** Creates a workspace owned by the user. @returns its ID */
export async function createWorkspace(who: SignedIn, name: string): Promise<Result<string>> {
  const read = readFields(WorkspaceInput, { name });
  if (!read.ok) return invalidInput(read.fieldErrors);
  const answer = await who.supabase.from('workspaces').insert(read.value).select('id');
  if (answer.error) return writeFailure(answer.error, answer.status);
  const [row] = z.array(z.object({ id: z.string() })).parse(answer.data);
  return row ? { ok: true, value: row.id } : failure(503, "Couldn't create the workspace.");
}

export async function updateWorkspace(
  who: SignedIn,
  id: string,
  patch: z.infer<typeof WorkspacePatch>,
): Promise<Result> {
  const read = readFields(WorkspacePatch, patch);
  if (!read.ok) return invalidInput(read.fieldErrors);
  const answer = await who.supabase.from('workspaces').update(read.value).eq('id', id).select('id');
  return writtenRows(answer, FORBIDDEN);
}

export async function deleteWorkspace(who: SignedIn, id: string): Promise<Result> {
  const answer = await who.supabase.from('workspaces').delete().eq('id', id).select('id');
  return writtenRows(answer, FORBIDDEN);
}
