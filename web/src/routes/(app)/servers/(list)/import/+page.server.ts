import { error } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { addServers, describeFile, readPasted } from '$lib/server/servers/import-servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ parent }) => {
  const { workspace } = await parent();
  if (!workspace.canEdit) error(403, { message: 'You have view-only access.' });
};

export const actions: Actions = {
  read: async (event) => {
    signedIn(event);
    const file = readPasted(await event.request.formData());
    return file.ok ? { read: describeFile(file.value) } : actionFailure(file);
  },

  /** Adds the ticked entries, or all if the list was never shown. */
  add: async (event) => {
    const who = signedIn(event);
    const workspace = await currentWorkspace(who, event.cookies);
    const form = await event.request.formData();
    const file = readPasted(form);
    if (!file.ok) return actionFailure(file);
    const wanted = new Set(form.getAll('key'));
    const isListed = form.has('listed');
    const servers = file.value.servers.filter(({ key }) => !isListed || wanted.has(key));
    return { added: await addServers(who, workspace.id, servers) };
  },
};
