import { error, fail } from '@sveltejs/kit';
import { saveTyped, testTyped } from '$lib/server/servers/save-server.ts';
import { readServer } from '$lib/server/servers/servers.ts';
import { signedIn, type SignedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  if (!workspace.canEdit) error(403, { message: 'You have view-only access.' });
  return { server: await present(who, event.params.id) };
};

export const actions: Actions = {
  test: async (event) => {
    const who = signedIn(event);
    const stored = await present(who, event.params.id);
    const result = await testTyped(who, await event.request.formData(), stored);
    return result.errors ? fail(400, result) : result;
  },

  save: async (event) => {
    const who = signedIn(event);
    const stored = await present(who, event.params.id);
    const result = await saveTyped(who, await event.request.formData(), { stored });
    return result.saved ? result : fail(400, result);
  },
};

async function present(who: SignedIn, id: string) {
  const server = await readServer(who, id);
  if (!server) error(404, { message: 'Server not found.', hint: 'It may have been deleted.' });
  return server;
}
