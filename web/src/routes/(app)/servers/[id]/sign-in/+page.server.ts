import { error, fail, redirect } from '@sveltejs/kit';
import { returnPath } from '$lib/return-path.ts';
import { beginSignIn, listSignIns, signOut } from '$lib/server/sign-ins.ts';
import { readServer } from '$lib/server/servers.ts';
import { signedIn } from '$lib/server/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const server = await readServer(who, event.params.id);
  if (server?.auth_method !== 'oauth')
    error(404, {
      message: 'This server is not there, or has no sign-in.',
      hint: 'It may have been changed.',
    });
  const { id, name, url, credential_scope } = server;
  const signIns = await listSignIns(who, server.workspace_id);
  const signIn = signIns.find((one) => one.server_id === id);
  return { server: { id, name, host: new URL(url).host, scope: credential_scope }, signIn: signIn ?? null };
};

export const actions: Actions = {
  /** The page itself leads on: a form may only be sent to this site, also by a redirect. */
  begin: async (event) => {
    const { id } = event.params;
    const from = event.url.searchParams.get('from');
    const back = from === null ? `/servers/${id}` : returnPath(from);
    const answer = await beginSignIn(signedIn(event), id, back);
    if (!answer.ok) return fail(answer.status, { message: answer.message });
    const { authorization_url: url } = answer.value;
    return { url, host: new URL(url).host };
  },

  end: async (event) => {
    const { id } = event.params;
    const answer = await signOut(signedIn(event), id);
    if (!answer.ok) return fail(answer.status, { message: answer.message });
    redirect(303, `/servers/${id}`);
  },
};
