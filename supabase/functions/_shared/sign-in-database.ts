import type { SupabaseContext } from '@supabase/server';
import { z } from 'zod';
import { StoredGrant, type GrantHolder } from '../../../shared/src/engine/oauth/grant.ts';
import type { AcceptedIssuer } from '../../../shared/src/engine/oauth/issuer.ts';
import type { ClientSchema } from '../../../shared/src/contract/schema/database.ts';
import { SealedSecret } from '../../../shared/src/contract/schema/snapshot.ts';
import { callerId } from './database.ts';
import { read } from './read.ts';

const StoredFlow = z.object({
  id: z.string(),
  server_id: z.string(),
  server_name: z.string(),
  workspace_id: z.string(),
  holder_id: z.string().nullable(),
  url: z.string(),
  return_to: z.string(),
  secret: SealedSecret,
});
export type StoredFlow = z.infer<typeof StoredFlow>;

const StoredClient = z.object({
  id: z.string(),
  issuer: z.string(),
  /** A user was sent to the authorization server as this client and did not return. */
  is_unfinished: z.boolean(),
  secret: SealedSecret,
});
export type StoredClient = z.infer<typeof StoredClient>;

/** `issuer` is null until the first use. */
const StoredClientSecret = z.object({
  id: z.string(),
  issuer: z.string().nullable(),
  secret: SealedSecret,
});
export type StoredClientSecret = z.infer<typeof StoredClientSecret>;

export interface SignInDatabase {
  beginFlow(flow: {
    id: string;
    stateHash: string;
    serverId: string;
    url: string;
    returnTo: string;
    secret: SealedSecret;
    expiresInS: number;
  }): Promise<void>;
  /** Works once; null if the caller has no such flow or it has ended. */
  takeFlow(stateHash: string): Promise<StoredFlow | null>;
  /** @throws DatabaseRefusal 409 `server_changed` when the server is not any more what the sign-in was for */
  putGrant(grant: {
    id: string;
    flow: Omit<StoredFlow, 'secret'>;
    issuer: string;
    secret: SealedSecret;
    expiresAt: string | null;
  }): Promise<void>;
  dropGrant(holder: GrantHolder): Promise<StoredGrant | null>;
  /** The authorization server of a dropped grant was notified, or cannot be. */
  finishRevocation(grantId: string): Promise<void>;
  /** @param issuer null: the last one that was stored */
  readClient(serverId: string, issuer: string | null): Promise<StoredClient | null>;
  /** A client ID that the user entered stays. */
  dropRegistration(serverId: string): Promise<void>;
  acceptedIssuer(serverId: string): Promise<AcceptedIssuer | null>;
  /** Null: none was entered, or it was for another address of the server. */
  readClientSecret(serverId: string): Promise<StoredClientSecret | null>;
  /** False: it was bound to an authorization server or replaced in the meantime. */
  bindClientSecret(bound: { id: string; issuer: string; secret: SealedSecret }): Promise<boolean>;
  putClient(client: { id: string; serverId: string; issuer: string; secret: SealedSecret }): Promise<void>;
}

/** The same database, as `databaseOf` reaches it. */
export function signInDatabaseOf(context: SupabaseContext<ClientSchema>): SignInDatabase {
  const { supabaseAdmin } = context;
  const userId = callerId(context);
  return {
    async beginFlow({ id, stateHash, serverId, url, returnTo, secret, expiresInS }) {
      const args = {
        p_id: id,
        p_state_hash: stateHash,
        p_server_id: serverId,
        p_user_id: userId,
        p_url: url,
        p_return_to: returnTo,
        p_secret: secret,
        p_expires_in_s: expiresInS,
      };
      await read(supabaseAdmin.rpc('begin_sign_in', args), z.unknown());
    },
    takeFlow: (stateHash) =>
      read(
        supabaseAdmin.rpc('take_sign_in', { p_state_hash: stateHash, p_user_id: userId }),
        StoredFlow.nullable(),
      ),
    async putGrant({ id, flow, issuer, secret, expiresAt }) {
      const args = {
        p_id: id,
        p_server_id: flow.server_id,
        p_workspace_id: flow.workspace_id,
        p_url: flow.url,
        p_holder_id: flow.holder_id,
        p_issuer: issuer,
        p_secret: secret,
        p_expires_at: expiresAt,
        p_actor: userId,
      };
      await read(supabaseAdmin.rpc('put_grant', args), z.unknown());
    },
    dropGrant: ({ serverId, holderId }) =>
      read(
        supabaseAdmin.rpc('drop_grant', { p_server_id: serverId, p_holder_id: holderId, p_actor: userId }),
        StoredGrant.nullable(),
      ),
    async finishRevocation(grantId) {
      await read(supabaseAdmin.rpc('finish_revocation', { p_id: grantId }), z.unknown());
    },
    readClient: (serverId, issuer) =>
      read(
        supabaseAdmin.rpc('read_client', { p_server_id: serverId, p_issuer: issuer }),
        StoredClient.nullable(),
      ),
    async dropRegistration(serverId) {
      await read(supabaseAdmin.rpc('drop_registration', { p_server_id: serverId }), z.unknown());
    },
    acceptedIssuer: (serverId) =>
      read(
        supabaseAdmin
          .from('mcp_server_accepted_issuers')
          .select('expected:expected_issuer, issuer:accepted_issuer')
          .eq('server_id', serverId)
          .maybeSingle(),
        z.object({ expected: z.string(), issuer: z.string() }).nullable(),
      ),
    readClientSecret: (serverId) =>
      read(supabaseAdmin.rpc('read_client_secret', { p_server_id: serverId }), StoredClientSecret.nullable()),
    bindClientSecret: ({ id, issuer, secret }) =>
      read(
        supabaseAdmin.rpc('bind_client_secret', { p_id: id, p_issuer: issuer, p_secret: secret }),
        z.boolean(),
      ),
    async putClient({ id, serverId, issuer, secret }) {
      const args = { p_id: id, p_server_id: serverId, p_issuer: issuer, p_secret: secret };
      await read(supabaseAdmin.rpc('put_client', args), z.unknown());
    },
  };
}
