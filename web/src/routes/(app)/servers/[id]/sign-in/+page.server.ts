import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { failure } from '$lib/server/result.ts';
import { returnPath } from '@patchbay/shared/contract/return-path';
import {
  acceptIssuer,
  Issuers,
  readAcceptedIssuer,
  withdrawIssuer,
} from '$lib/server/servers/accepted-issuers.ts';
import { discoverTools } from '$lib/server/edge-functions.ts';
import { beginSignIn, listSignIns, signInUnattended, signOut } from '$lib/server/servers/sign-ins.ts';
import { readServer } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  const server = await readServer(who, event.params.id);
  if (server?.auth_method !== 'oauth')
    error(404, {
      message: "Server not found, or it doesn't use OAuth.",
      hint: 'It may have been changed or deleted.',
    });
  const { id, name, credential_scope, oauth_client_id, has_credential } = server;
  const hasClient = credential_scope === 'workspace' && oauth_client_id !== null && has_credential;
  const [signIns, accepted] = await Promise.all([
    listSignIns(who, server.workspace_id),
    readAcceptedIssuer(who, id),
  ]);
  const signIn = signIns.find((one) => one.server_id === id);
  return {
    server: { id, name, scope: credential_scope, hasClient },
    signIn: signIn ?? null,
    accepted,
    mayAccept: workspace.canManage && workspace.id === server.workspace_id,
  };
};

async function begin(event: RequestEvent) {
  const id = event.params['id'] ?? '';
  const from = event.url.searchParams.get('from');
  const back = from === null ? `/servers/${id}` : returnPath(from);
  const answer = await beginSignIn(signedIn(event), id, back);
  if (!answer.ok) return actionFailure(answer, { issuers: answer.issuers });
  const { authorization_url: url } = answer.value;
  return { url, host: new URL(url).host };
}

export const actions: Actions = {
  /** The page navigates itself: the CSP lets forms lead only to this site, even by a redirect. */
  begin,

  /** Accepts the issuer that was shown, and compares the service's current claim with it again. */
  accept: async (event) => {
    const who = signedIn(event);
    const values = await event.request.formData();
    const issuers = Issuers.safeParse({ expected: values.get('expected'), received: values.get('received') });
    const server = await readServer(who, event.params.id);
    if (!issuers.success || !server || values.get('confirmed') !== 'yes')
      return actionFailure(failure(400, 'Not accepted. Confirm that the same people run both services.'));
    const accepted = await acceptIssuer(who, server, issuers.data);
    return accepted.ok ? begin(event) : actionFailure(accepted);
  },

  withdraw: async (event) => {
    const withdrawn = await withdrawIssuer(signedIn(event), event.params.id);
    if (!withdrawn.ok) return actionFailure(withdrawn);
    redirect(303, `/servers/${event.params.id}/sign-in`);
  },

  unattended: async (event) => {
    const { id } = event.params;
    const answer = await signInUnattended(signedIn(event), id);
    if (!answer.ok) return actionFailure(answer);
    await discoverTools(signedIn(event), { server_id: id });
    redirect(303, `/servers/${id}?signed_in=${id}`);
  },

  end: async (event) => {
    const { id } = event.params;
    const answer = await signOut(signedIn(event), id);
    if (!answer.ok) return actionFailure(answer);
    const { revoked } = answer.value;
    redirect(303, `/servers/${id}?signed_out=${revoked ? 'revoked' : 'forgotten'}`);
  },
};
