import type { McpServerPatch, McpServerRow } from '@patchbay/shared/contract/schema/server';
import { z } from 'zod';
import { BULK_CHANGES, planChange, type BulkChange } from '../../servers/bulk.ts';
import { failure, type Result } from '../result.ts';
import { IDS_PER_REQUEST, patchServers, readServers } from './servers.ts';
import type { SignedIn } from '../auth/session.ts';

const MOST = 2000;

export const ServerIds = z.array(z.uuid()).min(1, 'Select at least one server.').max(MOST);

const BulkForm = z
  .object({
    ids: ServerIds,
    change: z.enum(BULK_CHANGES),
    tag: z.string().trim().max(40, 'Use at most 40 characters.'),
  })
  .refine(({ change, tag }) => !change.endsWith('_tag') || tag !== '', { message: 'Enter a tag.' });

export function parseBulkForm(form: FormData): Result<z.infer<typeof BulkForm>> {
  const typed = { ids: form.getAll('id'), change: form.get('do'), tag: form.get('tag') ?? '' };
  const parsed = BulkForm.safeParse(typed);
  if (parsed.success) return { ok: true, value: parsed.data };
  return failure(400, parsed.error.issues[0]?.message ?? '');
}

/**
 * Applies one change to many servers, skipping those that the user may not change.
 * @returns the changed rows, and how many were refused
 */
export async function changeServers(
  who: SignedIn,
  ids: string[],
  change: BulkChange,
  tag: string,
): Promise<{ changed: McpServerRow[]; refused: number }> {
  const changed: McpServerRow[] = [];
  let wanted = 0;
  for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
    const groups = new Map<string, { patch: McpServerPatch; ids: string[] }>();
    for (const server of await readServers(who, ids.slice(start, start + IDS_PER_REQUEST))) {
      const patch = planChange(server, change, tag);
      if (!patch) continue;
      const key = JSON.stringify(patch);
      const group = groups.get(key) ?? { patch, ids: [] as string[] };
      group.ids.push(server.id);
      groups.set(key, group);
      wanted += 1;
    }
    for (const group of groups.values()) changed.push(...(await patchServers(who, group.ids, group.patch)));
  }
  return { changed, refused: wanted - changed.length };
}
