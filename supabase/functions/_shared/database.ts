import type { SupabaseContext } from '@supabase/server';
import { z } from 'zod';
import type { ClientSchema } from '../../../shared/src/contract/schema/database.ts';
import { AppError } from '../../../shared/src/contract/errors.ts';
import type { Catalog } from '../../../shared/src/engine/tools/catalog.ts';
import type { ServiceRpc } from '../../../shared/src/engine/service-rpc.ts';
import {
  ProbeServer,
  SealedSecret,
  type StatusObservation,
} from '../../../shared/src/contract/schema/snapshot.ts';
import { AuthMethod, CredentialScope } from '../../../shared/src/contract/schema/server.ts';
import type { ToolCallRow } from '../../../shared/src/contract/schema/session.ts';
import { Role } from '../../../shared/src/contract/schema/workspace.ts';
import { storable } from '../../../shared/src/contract/json/storable.ts';
import { read } from './read.ts';
import { serviceRpcOf } from './service-rpc.ts';

export interface ServerAccess {
  serverId: string;
  workspaceId: string;
  role: Role;
  isOwn: boolean;
  url: string;
  authMethod: AuthMethod;
  credentialScope: CredentialScope;
}

/** What a credential was sealed for. It may be sent nowhere else. */
export interface SealedFor extends Pick<ServerAccess, 'serverId' | 'workspaceId' | 'url' | 'authMethod'> {
  /** Null: the workspace's. */
  holderId: string | null;
}

const ServerReference = z.object({
  id: z.string(),
  workspace_id: z.string(),
  user_id: z.string().nullable(),
  url: z.string(),
  auth_method: AuthMethod,
  credential_scope: CredentialScope,
});

/** The workspace's credential of a server whose address has changed. */
const HeldSecret = z.object({
  id: z.string(),
  address: z.string(),
  issuer: z.string().nullable(),
  secret: SealedSecret,
});
type HeldSecret = z.infer<typeof HeldSecret>;

const AgentReference = z.object({ id: z.string(), workspace_id: z.string() });
type AgentReference = z.infer<typeof AgentReference>;

const SessionReference = z.object({
  id: z.string(),
  workspace_id: z.string(),
  user_id: z.string(),
  room_name: z.string(),
  state: z.string(),
  end_reason: z.string().nullable(),
});
type SessionReference = z.infer<typeof SessionReference>;

const StoredCatalog = z.object({
  added: z.array(z.string()),
  changed: z.array(z.string()),
  removed: z.array(z.string()),
  stored: z.boolean(),
  over_limit: z.int(),
});
type StoredCatalog = z.infer<typeof StoredCatalog>;

type CountedAction = 'probes' | 'voice_tokens' | 'function_calls';

export type HandMadeCall = Omit<ToolCallRow, 'id' | 'session_id'> & { workspace_id: string };

// `find...` runs with the caller's rights, so a row that the caller can't see is null. Everything else uses the service
// role, after the rights were checked. All throw DatabaseRefusal for a rule of the database, and AppError `internal`.
export interface Database {
  callerId: string;
  serviceRpc: ServiceRpc;
  findServer(serverId: string): Promise<ServerAccess | null>;
  findAgent(agentConfigId: string | undefined): Promise<AgentReference | null>;
  findSession(sessionId: string): Promise<SessionReference | null>;

  /** @throws DatabaseRefusal 429 on too many calls */
  countCall(action: CountedAction, workspaceId?: string): Promise<void>;
  loadServer(serverId: string): Promise<ProbeServer | null>;
  reportStatus(observation: StatusObservation): Promise<void>;
  // `stored` is false if the server was edited, or a newer list stored, since it was loaded. Of a list that is too long the
  // first tools are stored; `over_limit` counts the rest.
  storeCatalog(
    server: Pick<ProbeServer, 'id' | 'config_version'>,
    observedAt: Date,
    catalog: Catalog,
  ): Promise<StoredCatalog>;
  /** Null: no limit. Without a workspace, the default. */
  toolLimit(workspaceId?: string): Promise<number | null>;
  /** @throws DatabaseRefusal 409 `server_changed` if the server is no longer what it was sealed for */
  putSecret(sealedFor: SealedFor, secret: SealedSecret): Promise<void>;
  /** @param holderId null: the workspace's credential */
  dropSecret(serverId: string, holderId: string | null): Promise<void>;
  heldSecret(serverId: string): Promise<HeldSecret | null>;
  /** @throws DatabaseRefusal 409 `server_changed` when the server has another address by now, or the credential is gone */
  confirmSecret(confirmed: {
    id: string;
    serverId: string;
    url: string;
    secret: SealedSecret;
  }): Promise<void>;
  createSession(session: {
    id: string;
    workspace_id: string;
    user_id: string;
    agent_config_id: string;
    room_name: string;
  }): Promise<void>;
  claimDispatch(sessionId: string, leaseMs: number): Promise<boolean>;
  recordCall(call: HandMadeCall): Promise<void>;
}

/** The database as a signed-in caller of a function reaches it. */
export function databaseOf({
  supabase,
  supabaseAdmin,
  userClaims,
  jwtClaims,
}: SupabaseContext<ClientSchema>): Database {
  const userId = callerId({ userClaims });
  // The audit trail names the API token, if one was used, and its creator.
  const actorId = z.uuid().safeParse(jwtClaims?.['token_id']).data ?? userId;

  return {
    callerId: userId,
    serviceRpc: serviceRpcOf({ supabaseAdmin }),
    async findServer(serverId) {
      const row = await read(
        supabase
          .from('mcp_servers')
          .select('id, workspace_id, user_id, url, auth_method, credential_scope')
          .eq('id', serverId)
          .maybeSingle(),
        ServerReference.nullable(),
      );
      if (!row) return null;
      const membership = await read(
        supabase
          .from('workspace_members')
          .select('role')
          .eq('workspace_id', row.workspace_id)
          .eq('user_id', userId)
          .maybeSingle(),
        z.object({ role: Role }).nullable(),
      );
      if (!membership) return null;
      return {
        serverId: row.id,
        workspaceId: row.workspace_id,
        role: membership.role,
        isOwn: row.user_id === userId,
        url: row.url,
        authMethod: row.auth_method,
        credentialScope: row.credential_scope,
      };
    },

    async findAgent(agentConfigId) {
      const agents = supabase.from('agent_configs').select('id, workspace_id');
      if (agentConfigId) return read(agents.eq('id', agentConfigId).maybeSingle(), AgentReference.nullable());
      const personal = await read(
        supabase
          .from('workspaces')
          .select('id')
          .eq('created_by', userId)
          .eq('is_personal', true)
          .maybeSingle(),
        z.object({ id: z.string() }).nullable(),
      );
      if (!personal) return null;
      const byDefault = agents.eq('workspace_id', personal.id).eq('is_default', true);
      return read(byDefault.maybeSingle(), AgentReference.nullable());
    },

    findSession: (sessionId) =>
      read(
        supabase
          .from('voice_sessions')
          .select('id, workspace_id, user_id, room_name, state, end_reason')
          .eq('id', sessionId)
          .maybeSingle(),
        SessionReference.nullable(),
      ),

    async countCall(action, workspaceId) {
      const args = { p_action: action, p_user_id: userId, p_workspace_id: workspaceId ?? null };
      await read(supabaseAdmin.rpc('count_call', args), z.unknown());
    },

    loadServer: (serverId) =>
      read(
        supabaseAdmin.rpc('server_for_probe', { p_server_id: serverId, p_user_id: userId }),
        ProbeServer.nullable(),
      ),

    async reportStatus(observation) {
      const args = { p_observations: [storable(observation)] };
      await read(supabaseAdmin.rpc('report_server_status', args), z.unknown());
    },

    storeCatalog: (server, observedAt, { tools, skipped, note }) =>
      read(
        supabaseAdmin.rpc('store_catalog', {
          p_server_id: server.id,
          p_config_version: server.config_version,
          p_observed_at: observedAt.toISOString(),
          p_tools: tools,
          p_skipped: skipped,
          ...(note && { p_note: note }),
        }),
        StoredCatalog,
      ),

    toolLimit: (workspaceId) =>
      read(supabaseAdmin.rpc('tool_limit', { p_workspace_id: workspaceId ?? null }), z.int().nullable()),

    async putSecret({ serverId, workspaceId, url, authMethod, holderId }, { ciphertext, nonce, key_id }) {
      await read(
        supabaseAdmin.rpc('put_server_secret', {
          p_server_id: serverId,
          p_workspace_id: workspaceId,
          p_url: url,
          p_auth_method: authMethod,
          p_ciphertext: ciphertext,
          p_nonce: nonce,
          p_key_id: key_id,
          p_actor: actorId,
          p_holder_id: holderId,
        }),
        z.unknown(),
      );
    },

    async dropSecret(serverId, holderId) {
      const args = { p_server_id: serverId, p_actor: actorId, p_holder_id: holderId };
      await read(supabaseAdmin.rpc('drop_server_secret', args), z.unknown());
    },

    heldSecret: (serverId) =>
      read(
        supabaseAdmin.rpc('held_secret', { p_server_id: serverId, p_actor: userId }),
        HeldSecret.nullable(),
      ),

    async confirmSecret({ id, serverId, url, secret }) {
      const args = { p_server_id: serverId, p_id: id, p_url: url, p_secret: secret, p_actor: userId };
      await read(supabaseAdmin.rpc('confirm_secret', args), z.unknown());
    },

    async createSession(session) {
      await read(supabaseAdmin.from('voice_sessions').insert(session), z.unknown());
    },

    claimDispatch: (sessionId, leaseMs) =>
      read(
        supabaseAdmin.rpc('claim_dispatch', { p_session_id: sessionId, p_lease_ms: leaseMs }),
        z.boolean(),
      ),

    async recordCall(call) {
      const row = { ...storable(call), id: crypto.randomUUID(), user_id: userId };
      await read(supabaseAdmin.from('tool_calls').insert(row), z.unknown());
    },
  };
}

/** The id of the signed-in caller; `withSupabase({ auth: 'user' })` has verified it. */
export function callerId({ userClaims }: Pick<SupabaseContext, 'userClaims'>): string {
  if (!userClaims) throw new AppError('internal', { message: 'The function was called without a user.' });
  return userClaims.id;
}
