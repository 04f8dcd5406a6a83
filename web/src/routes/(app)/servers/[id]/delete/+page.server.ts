import { error, fail, redirect } from '@sveltejs/kit';
import { problemWords } from '$lib/server/database.ts';
import { deleteServer, readServer } from '$lib/server/servers.ts';
import { signedIn } from '$lib/server/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const server = await readServer(signedIn(event), event.params.id);
  if (!server) error(404, { message: 'This server is not there any more.' });
  return { name: server.name };
};

export const actions: Actions = {
  default: async (event) => {
    const result = await deleteServer(signedIn(event), event.params.id);
    if (!result.ok) return fail(409, { message: problemWords(result.problem) });
    redirect(303, '/servers');
  },
};
