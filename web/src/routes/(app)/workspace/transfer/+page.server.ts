import { actionFailure } from '$lib/server/action-failure.ts';
import { formatChanges } from './import-changes.server.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { importWorkspace } from './workspace-transfer.server.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions, RequestEvent } from './$types';

async function take(event: RequestEvent, isDryRun: boolean) {
  const who = signedIn(event);
  const workspace = await currentWorkspace(who, event.cookies);
  const form = await event.request.formData();
  const mode = form.get('mode') === 'add' ? 'add' : 'merge';
  const outcome = await importWorkspace(who, workspace.id, form.get('file'), { mode, isDryRun });
  if (outcome.ok) {
    const { changes, ...answer } = outcome.value;
    return { mode, answer, changes: isDryRun ? formatChanges(changes) : [], isDryRun };
  }
  return actionFailure(outcome, { mode });
}

export const actions: Actions = {
  preview: (event) => take(event, true),
  import: (event) => take(event, false),
};
