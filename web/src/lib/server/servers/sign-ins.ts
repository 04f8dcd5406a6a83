import { hasKeysOfMembers } from '@patchbay/shared/engine/secrets/key-holder';
import { SignInBegun, SignedOut, SignInFinished } from '@patchbay/shared/contract/schema/functions';
import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { z } from 'zod';
import { ownStatus, type OwnCredential } from '../../servers/own-status.ts';
import { rows } from '../database.ts';
import { callFunction } from '../edge-functions.ts';
import type { SignedIn } from '../auth/session.ts';

const SignIn = z.object({
  server_id: z.string(),
  is_signed_in: z.boolean(),
  is_refused: z.boolean(),
  /** The server asked for scopes that the grant lacks. */
  wants_more: z.boolean(),
  issuer: z.string().nullable(),
  signed_in_at: z.string().nullable(),
});
export type SignIn = z.infer<typeof SignIn>;

export function listSignIns(who: SignedIn, workspaceId: string): Promise<SignIn[]> {
  return rows(who.supabase.rpc('my_sign_ins', { p_workspace_id: workspaceId }), SignIn);
}

const OwnKey = z.object({ server_id: z.string(), has_credential: z.boolean() });

/** Rows with their status and credential for this user. */
export async function withOwnStatus(who: SignedIn, servers: McpServerRow[]): Promise<McpServerRow[]> {
  const ofMembers = servers.filter((server) => server.credential_scope === 'member');
  if (ofMembers.length === 0) return servers;
  const workspacesOf = (rows: McpServerRow[]) => [...new Set(rows.map((row) => row.workspace_id))];
  const [signIns, keys] = await Promise.all([
    Promise.all(
      workspacesOf(ofMembers.filter((row) => !hasKeysOfMembers(row))).map((id) => listSignIns(who, id)),
    ),
    Promise.all(
      workspacesOf(ofMembers.filter(hasKeysOfMembers)).map((id) =>
        rows(who.supabase.rpc('my_credentials', { p_workspace_id: id }), OwnKey),
      ),
    ),
  ]);
  const own = new Map<string, OwnCredential>([
    ...signIns.flat().map((one) => [one.server_id, { isSet: one.is_signed_in }] as const),
    ...keys.flat().map((one) => [one.server_id, { isSet: one.has_credential }] as const),
  ]);
  return servers.map((server) => ownStatus(server, own.get(server.id), who.user.id));
}

/** @returns the URL of the authorization server to visit */
export const beginSignIn = (who: SignedIn, serverId: string, returnTo: string) =>
  callFunction(
    who,
    'server-sign-in',
    { step: 'begin', server_id: serverId, return_to: returnTo },
    SignInBegun,
  );

/** @param callback the query string of the authorization server's redirect */
export const finishSignIn = (who: SignedIn, callback: string) =>
  callFunction(who, 'server-sign-in', { step: 'finish', callback }, SignInFinished);

/** Signs in with the server's client ID and secret, without user interaction. */
export const signInUnattended = (who: SignedIn, serverId: string) =>
  callFunction(who, 'server-sign-in', { step: 'unattended', server_id: serverId }, SignInFinished);

export const signOut = (who: SignedIn, serverId: string) =>
  callFunction(who, 'server-sign-in', { step: 'end', server_id: serverId }, SignedOut);
