import { SignInBegun, SignedOut, SignInFinished } from '@patchbay/shared/schema/functions';
import type { McpServerRow } from '@patchbay/shared/schema/server';
import { z } from 'zod';
import { ownStatus } from '../servers/own-status.ts';
import { rows } from './database.ts';
import { callFunction } from './edge-functions.ts';
import type { SignedIn } from './session.ts';

/** A server to which one signs in, and whether the user has: by their own sign-in, or by the workspace's. */
const SignIn = z.object({
  server_id: z.string(),
  is_signed_in: z.boolean(),
  is_refused: z.boolean(),
  issuer: z.string().nullable(),
  signed_in_at: z.string().nullable(),
});
export type SignIn = z.infer<typeof SignIn>;

export function listSignIns(who: SignedIn, workspaceId: string): Promise<SignIn[]> {
  return rows(who.supabase.rpc('my_sign_ins', { p_workspace_id: workspaceId }), SignIn);
}

/** Rows with the status that they have for this user. */
export async function withOwnStatus(who: SignedIn, servers: McpServerRow[]): Promise<McpServerRow[]> {
  const ofMembers = servers.filter((server) => server.credential_scope === 'member');
  const workspaces = [...new Set(ofMembers.map((server) => server.workspace_id))];
  if (workspaces.length === 0) return servers;
  const found = await Promise.all(workspaces.map((id) => listSignIns(who, id)));
  const signIns = new Map(found.flat().map((signIn) => [signIn.server_id, signIn]));
  return servers.map((server) => ownStatus(server, signIns.get(server.id), who.user.id));
}

/** @returns the address of the authorization server to go to */
export const beginSignIn = (who: SignedIn, serverId: string, returnTo: string) =>
  callFunction(
    who,
    'server-sign-in',
    { step: 'begin', server_id: serverId, return_to: returnTo },
    SignInBegun,
  );

/** @param callback the query with which the authorization server sent the user back */
export const finishSignIn = (who: SignedIn, callback: string) =>
  callFunction(who, 'server-sign-in', { step: 'finish', callback }, SignInFinished);

/** Without a person, with the client id and secret of the server. */
export const signInUnattended = (who: SignedIn, serverId: string) =>
  callFunction(who, 'server-sign-in', { step: 'unattended', server_id: serverId }, SignInFinished);

export const signOut = (who: SignedIn, serverId: string) =>
  callFunction(who, 'server-sign-in', { step: 'end', server_id: serverId }, SignedOut);
