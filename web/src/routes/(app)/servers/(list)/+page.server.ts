import { redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { changeServers, parseBulkForm } from '$lib/server/servers/change-servers.ts';
import { moveServer, updateServer } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions } from './$types';

export const actions: Actions = {
  activate: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const result = await updateServer(who, String(form.get('id')), { is_active: form.get('to') === 'on' });
    if (!result.ok) return actionFailure(result);
    return { server: result.value };
  },

  move: async (event) => {
    const who = signedIn(event);
    const { id: workspaceId } = await currentWorkspace(who, event.cookies);
    const form = await event.request.formData();
    const direction = form.get('direction') === 'up' ? 'up' : 'down';
    const result = await moveServer(who, workspaceId, String(form.get('id')), direction);
    if (!result.ok) return actionFailure(result);
    return { servers: result.value };
  },

  bulk: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    if (form.get('do') === 'delete') {
      const ids = new URLSearchParams(form.getAll('id').map((id) => ['id', String(id)]));
      redirect(303, `/servers/delete?${ids}`);
    }
    const parsed = parseBulkForm(form);
    if (!parsed.ok) return actionFailure(parsed);
    const { ids, change, tag } = parsed.value;
    return await changeServers(who, ids, change, tag);
  },
};
