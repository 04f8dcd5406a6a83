import type { ConnectionStatus } from '@patchbay/shared/contract/schema/server';
import type { StatusObservation } from '@patchbay/shared/contract/schema/snapshot';
import type { LinkState } from '@patchbay/livekit/servers/link-state';
import type { ServerLink } from '@patchbay/livekit/servers/server-link';

const STATUS: Record<LinkState['name'], ConnectionStatus> = {
  connecting: 'connecting',
  discovering: 'connecting',
  ready: 'connected',
  waiting: 'error',
  needs_credentials: 'needs_auth',
  closed: 'disconnected',
};

/**
 * What a link says about its server, for the database.
 * @param now wall clock, ms since 1970
 */
export function observe(
  link: Pick<ServerLink, 'server' | 'state' | 'facts'>,
  now: number,
): StatusObservation {
  const { server, state, facts } = link;
  const error = 'error' in state ? state.error : null;
  return {
    server_id: server.id,
    config_version: server.config_version,
    observed_at: new Date(now).toISOString(),
    source: 'session',
    status: STATUS[state.name],
    error_code: error?.code ?? null,
    error_message: error?.message ?? null,
    latency_ms: facts?.latencyMs ?? null,
    protocol_version: facts?.protocolVersion ?? null,
    server_info: facts?.serverInfo ?? null,
    capabilities: facts?.capabilities ?? null,
    instructions: facts?.instructions ?? null,
  };
}
