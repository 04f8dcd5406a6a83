import { error, fail } from '@sveltejs/kit';
import { saveTyped, testTyped } from '$lib/server/servers/save-server.ts';
import { readServer } from '$lib/server/servers/servers.ts';
import { signedIn, type SignedIn } from '$lib/server/auth/session.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ parent }) => {
  const { workspace } = await parent();
  if (!workspace.canEdit) error(403, { message: 'You have view-only access.' });
};

export const actions: Actions = {
  test: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const result = await testTyped(who, form, await savedEarlier(who, form));
    return result.errors ? fail(400, result) : result;
  },

  save: async (event) => {
    const who = signedIn(event);
    const workspace = await currentWorkspace(who, event.cookies);
    const form = await event.request.formData();
    const stored = await savedEarlier(who, form);
    const result = await saveTyped(who, form, stored ? { stored } : { workspaceId: workspace.id });
    return result.saved ? result : fail(400, result);
  },
};

/** The row of an earlier, partial save of the same form: saving again updates it. */
async function savedEarlier(who: SignedIn, form: FormData) {
  const id = form.get('saved_id');
  return typeof id === 'string' && id !== '' ? readServer(who, id) : null;
}
