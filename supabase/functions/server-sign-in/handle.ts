import type { AddressPolicy } from '../../../shared/src/engine/outgoing/address-policy.ts';
import { boundAddress } from '../../../shared/src/contract/bound-address.ts';
import type { ClientIdentity } from '../../../shared/src/engine/oauth/client-metadata.ts';
import { expiryOf, holderOf, openGrant, sealGrant } from '../../../shared/src/engine/oauth/grant.ts';
import { databaseGrantStore } from '../../../shared/src/engine/oauth/grant-store.ts';
import { SignInProblem } from '../../../shared/src/engine/oauth/sign-in-problem.ts';
import { FlowMemory, type SignInOptions } from '../../../shared/src/engine/oauth/sign-in-provider.ts';
import { scopesOf } from '../../../shared/src/engine/oauth/scopes.ts';
import { beginSignIn, finishSignIn, revokeGrant } from '../../../shared/src/engine/oauth/sign-in.ts';
import { signInUnattended } from '../../../shared/src/engine/oauth/unattended.ts';
import type { ServerSignInBody } from '../../../shared/src/contract/schema/functions.ts';
import type { ProbeServer } from '../../../shared/src/contract/schema/snapshot.ts';
import { open, seal, type SecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { refuse, succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import { mayEdit, mayTest, requireServer } from '../_shared/roles.ts';
import type { SignInDatabase } from '../_shared/sign-in-database.ts';
import { clientsOf } from './clients.ts';

export interface ServerSignInDeps {
  database: Pick<Database, 'callerId' | 'serviceRpc' | 'findServer' | 'countCall' | 'loadServer'> &
    SignInDatabase;
  readKeys: () => SecretKeys;
  policy: AddressPolicy;
  /** Null: the deployment does not say where its page is. */
  identity: ClientIdentity | null;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Seconds that a user may take at the authorization server. */
const FLOW_S = 900;

/**
 * Signs a person in to a server: `begin` answers the address to go to, `finish` takes what the person comes back
 * with, `unattended` signs in without a person, `end` signs out. The sign-in of the workspace takes who may edit the server, one's own takes a member.
 */
export async function handle(body: ServerSignInBody, deps: ServerSignInDeps): Promise<Answer> {
  if (deps.identity === null)
    return refuse(
      503,
      'not_configured',
      'Signing in to servers is not set up: PATCHBAY_WEB_URL is not set for the edge functions.',
    );
  try {
    if (body.step === 'begin') return await begin(body, deps, deps.identity);
    if (body.step === 'finish') return await finish(body, deps, deps.identity);
    if (body.step === 'unattended') return await signInAlone(body, deps, deps.identity);
    return await end(body, deps);
  } catch (error) {
    if (error instanceof SignInProblem) return refuseWith(error);
    throw error;
  }
}

function refuseWith({ code, message, issuers }: SignInProblem, where: object = {}): Answer {
  const both = issuers && { expected_issuer: issuers.expected, received_issuer: issuers.received };
  return refuse(422, code, message, { ...where, ...both });
}

type Step<Name extends ServerSignInBody['step']> = Extract<ServerSignInBody, { step: Name }>;

async function findServer(
  serverId: string,
  { database }: ServerSignInDeps,
): Promise<{ ok: true; server: ProbeServer } | { ok: false; answer: Answer }> {
  const found = await requireServer(serverId, mayTest, database);
  if (!found.ok) return found;
  await database.countCall('function_calls', found.access.workspaceId);
  const server = await database.loadServer(serverId);
  if (!server) return { ok: false, answer: refuse(404, 'server_not_found', 'There is no such server.') };
  if (server.auth_method !== 'oauth')
    return { ok: false, answer: refuse(409, 'not_oauth', 'This server is not set up to use sign-in.') };
  if (server.credential_scope === 'workspace' && !mayEdit(found.access)) {
    const words = 'This sign-in is shared by the workspace. Ask someone who can edit the server to sign in.';
    return { ok: false, answer: refuse(403, 'role_too_low', words) };
  }
  return { ok: true, server };
}

async function begin(
  { server_id, return_to }: Step<'begin'>,
  deps: ServerSignInDeps,
  identity: ClientIdentity,
): Promise<Answer> {
  const found = await findServer(server_id, deps);
  if (!found.ok) return found.answer;
  const { server } = found;
  const { database, policy } = deps;
  const keys = deps.readKeys();
  const holder = holderOf(server, server.workspace_id, database.callerId);
  const before = await databaseGrantStore(database.serviceRpc, holder, keys).read();
  // The client may be the cause, and a client registered for fewer scopes may not ask for more.
  const isTrusted = !before?.is_refused && (before?.wanted_scope ?? null) === null;
  const { redirectUrl } = identity;
  const clients = clientsOf(server, database, keys, { isTrusted, redirectUrl, now: deps.now() });
  const state = randomState();
  const acceptedIssuer = await database.acceptedIssuer(server_id);
  const options: SignInOptions = { serverUrl: server.url, identity, policy, clients, acceptedIssuer };
  const { authorizationUrl, memory } = await beginSignIn(options, state, before && scopesOf(before));
  const id = crypto.randomUUID();
  const place = { workspaceId: server.workspace_id, serverId: id, address: server.url };
  await database.beginFlow({
    id,
    stateHash: await hashOf(state),
    serverId: server.id,
    url: server.url,
    returnTo: return_to,
    secret: await seal(JSON.stringify(memory), place, keys),
    expiresInS: FLOW_S,
  });
  return succeed({ authorization_url: authorizationUrl });
}

async function finish(
  { callback }: Step<'finish'>,
  { database, policy, readKeys, now }: ServerSignInDeps,
  identity: ClientIdentity,
): Promise<Answer> {
  await database.countCall('function_calls');
  const params = new URLSearchParams(callback);
  const flow = await database.takeFlow(await hashOf(params.get('state') ?? ''));
  if (!flow)
    return refuse(
      410,
      'flow_gone',
      'This sign-in has already been used, took too long, or was started by someone else. Start again.',
    );
  const where = { server_id: flow.server_id, server_name: flow.server_name, return_to: flow.return_to };
  const keys = readKeys();
  const place = { workspaceId: flow.workspace_id, serverId: flow.id, address: flow.url };
  const memory = FlowMemory.parse(JSON.parse(await open(flow.secret, place, keys)));
  try {
    const { issuer, ...granted } = await finishSignIn({ identity, policy }, memory, params);
    const id = crypto.randomUUID();
    const content = {
      ...granted,
      server_id: flow.server_id,
      holder_id: flow.holder_id,
      server_address: boundAddress(flow.url),
    };
    const secret = await sealGrant(content, id, flow.workspace_id, keys);
    await database.putGrant({ id, flow, issuer, secret, expiresAt: expiryOf(granted.tokens, now()) });
  } catch (error) {
    if (!(error instanceof SignInProblem)) throw error;
    if (error.isAboutClient) await database.dropRegistration(flow.server_id);
    return refuseWith(error, where);
  }
  return succeed(where);
}

async function signInAlone(
  { server_id }: Step<'unattended'>,
  deps: ServerSignInDeps,
  { redirectUrl }: ClientIdentity,
): Promise<Answer> {
  const found = await findServer(server_id, deps);
  if (!found.ok) return found.answer;
  const { server } = found;
  const { database, policy, readKeys, now } = deps;
  if (server.credential_scope !== 'workspace' || server.oauth_client_id === null || server.secret === null) {
    const words =
      'Signing in automatically requires a client ID and secret, and a credential shared by the workspace.';
    return refuse(409, 'no_client', words);
  }
  const keys = readKeys();
  const clients = clientsOf(server, database, keys, { isTrusted: true, redirectUrl, now: now() });
  const acceptedIssuer = await database.acceptedIssuer(server_id);
  const options = { serverUrl: server.url, policy, clients, acceptedIssuer };
  const holder = holderOf(server, server.workspace_id, database.callerId);
  const before = await databaseGrantStore(database.serviceRpc, holder, keys).read();
  const { issuer, ...granted } = await signInUnattended(options, before && scopesOf(before));
  const id = crypto.randomUUID();
  const place = { server_id, server_name: server.name, return_to: `/servers/${server_id}` };
  const flow = { ...place, id, workspace_id: server.workspace_id, holder_id: null, url: server.url };
  const content = { ...granted, server_id, holder_id: null, server_address: boundAddress(server.url) };
  const secret = await sealGrant(content, id, server.workspace_id, keys);
  await database.putGrant({ id, flow, issuer, secret, expiresAt: expiryOf(granted.tokens, now()) });
  return succeed(place);
}

async function end({ server_id }: Step<'end'>, deps: ServerSignInDeps): Promise<Answer> {
  const found = await findServer(server_id, deps);
  if (!found.ok) return found.answer;
  const { server } = found;
  const { database, policy, readKeys } = deps;
  const holder = holderOf(server, server.workspace_id, database.callerId);
  const dropped = await database.dropGrant(holder);
  const grant = dropped && (await openGrant(dropped, holder, readKeys()).catch(() => null));
  const revocation = grant ? await revokeGrant(grant, policy) : 'failed';
  // The monitor retries failed revocations.
  if (grant && revocation !== 'failed') await database.finishRevocation(grant.id);
  return succeed({ signed_out: dropped !== null, revoked: revocation === 'revoked' });
}

function randomState(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

async function hashOf(state: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(state));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
