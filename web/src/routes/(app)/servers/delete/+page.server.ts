import { error, redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { failure } from '$lib/server/result.ts';
import { ServerIds } from '$lib/server/servers/change-servers.ts';
import { deleteServers, IDS_PER_REQUEST, readServers } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad } from './$types';

/** Confirms a delete without JavaScript, which has no undo. */
export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const ids = ServerIds.safeParse(event.url.searchParams.getAll('id').slice(0, IDS_PER_REQUEST));
  const servers = ids.success ? await readServers(who, ids.data) : [];
  if (servers.length === 0) error(404, { message: 'Servers not found.' });
  return { servers: servers.map(({ id, name }) => ({ id, name })) };
};

export const actions: Actions = {
  default: async (event) => {
    const who = signedIn(event);
    const ids = ServerIds.safeParse((await event.request.formData()).getAll('id'));
    if (!ids.success) return actionFailure(failure(400, 'Select at least one server.'));
    const left = await deleteServers(who, ids.data);
    if (left.length > 0)
      return actionFailure(failure(403, "You don't have permission to delete all of these servers."));
    redirect(303, '/servers');
  },
};
