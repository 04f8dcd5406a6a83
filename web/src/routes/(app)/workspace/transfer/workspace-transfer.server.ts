import { ImportAnswer, WorkspaceDocument } from '@patchbay/shared/contract/schema/workspace-document';
import { callProcedure } from '$lib/server/procedures.ts';
import { failure, type Result } from '$lib/server/result.ts';
import type { SignedIn } from '$lib/server/auth/session.ts';

/** Enough for thousands of servers; serverless functions accept at most 4.5 MB. */
const MAX_BYTES = 4_000_000;

/** Exports a workspace without IDs, status and secrets. */
export const exportWorkspace = (who: SignedIn, workspaceId: string): Promise<Result<WorkspaceDocument>> =>
  callProcedure(who, 'export_workspace', { p_workspace_id: workspaceId }, WorkspaceDocument);

/**
 * Imports a document completely or not at all.
 * @param options.mode `merge` changes what exists; `add` leaves it as it is
 * @param options.isDryRun only reports what would happen
 */
export async function importWorkspace(
  who: SignedIn,
  workspaceId: string,
  file: FormDataEntryValue | null,
  { mode, isDryRun }: { mode: string; isDryRun: boolean },
): Promise<Result<ImportAnswer>> {
  const document = await readDocument(file);
  if (!document.ok) return document;
  return callProcedure(
    who,
    'import_workspace',
    { p_workspace_id: workspaceId, p_document: document.value, p_mode: mode, p_dry_run: isDryRun },
    ImportAnswer,
  );
}

async function readDocument(file: FormDataEntryValue | null): Promise<Result<unknown>> {
  if (!(file instanceof File) || file.size === 0) return failure(400, 'Select a file.');
  if (file.size > MAX_BYTES) return failure(400, 'This file is larger than 4 MB.');
  try {
    return { ok: true, value: JSON.parse(await file.text()) };
  } catch {
    return failure(400, "This file isn't valid JSON.");
  }
}
