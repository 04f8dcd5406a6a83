import type { SessionSnapshot, SnapshotServer, StoredTool } from '@patchbay/shared/contract/schema/snapshot';

/** A tool of a stored catalog, for tests. */
export function storedTool(name: string, rest: Partial<StoredTool> = {}): StoredTool {
  return {
    name,
    description: `Does ${name}`,
    input_schema: { type: 'object', properties: {} },
    fingerprint: `fingerprint of ${name}`,
    is_enabled: true,
    is_pinned: false,
    cache_ttl_seconds: null,
    access: null,
    ...rest,
  };
}

/** A server of a snapshot, for tests. */
export function snapshotServer(rest: Partial<SnapshotServer> & { id: string; name: string }): SnapshotServer {
  return {
    slug: rest.name,
    url: `http://127.0.0.1:1/${rest.name}`,
    transport: 'auto',
    protocol_era: 'auto',
    auth_method: 'none',
    auth_header: null,
    credential_scope: 'workspace',
    oauth_client_id: null,
    trusts_hints: false,
    added_by: null,
    credential_id: null,
    call_timeout_ms: 5_000,
    max_concurrency: 4,
    config_version: 1,
    metadata: null,
    connection_status: 'disconnected',
    has_credential: false,
    secret: null,
    tools: [],
    ...rest,
  };
}

/** A snapshot of one conversation, for tests. */
export function sessionSnapshot(
  servers: SnapshotServer[],
  rest: Partial<SessionSnapshot['agent']> = {},
): SessionSnapshot {
  return {
    session: {
      id: 's1',
      workspace_id: 'w1',
      user_id: 'u1',
      role: 'member',
      room_name: 'pb-s1',
      state: 'active',
    },
    limits: { ends_in_ms: null, idle_ms: null },
    agent: {
      id: 'a1',
      name: 'Agent',
      system_prompt: 'You help.',
      voice_model: 'coral',
      temperature: 80,
      greeting: 'Hello.',
      provider: 'openai',
      model: null,
      reasoning_effort: null,
      turn_detection: 'fast',
      turn_eagerness: 'auto',
      language: null,
      ...rest,
    },
    servers,
  };
}
