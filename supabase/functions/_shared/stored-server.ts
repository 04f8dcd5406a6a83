import { describeError } from '../../../shared/src/errors.ts';
import { open, type SecretKeys } from '../../../shared/src/secret-envelope.ts';
import type { ProbeOptions, ProbeResult, ProbeTarget } from '../../../shared/src/mcp/probe.ts';
import type { Credential, ServerTarget } from '../../../shared/src/mcp/target.ts';
import type { ProbeFailure } from '../../../shared/src/schema/functions.ts';
import type { AuthMethod } from '../../../shared/src/schema/server.ts';
import type { ProbeServer } from '../../../shared/src/schema/snapshot.ts';
import type { ProbeSettings } from './settings.ts';

/** The probe of the MCP engine, given in so that tests need no network. */
export type Probe = (target: ProbeTarget, options: ProbeOptions) => Promise<ProbeResult>;

export interface ProbeDeps {
  probe: Probe;
  settings: ProbeSettings;
  /** Told as the probe goes on; the signal ends it. */
  watch?: Pick<ProbeOptions, 'onPhase' | 'signal'>;
}

/**
 * Probes with the credential that was given. Without one that the method needs, no request is made: the
 * answer is a failure of the phase `authenticate` with code `credential_missing`.
 */
export async function probeWith(
  server: Pick<ProbeServer, 'url' | 'transport' | 'auth_method' | 'auth_header'>,
  secret: string | null,
  { probe, settings, watch }: ProbeDeps,
): Promise<ProbeResult> {
  const credential = credentialOf(server.auth_method, server.auth_header, secret);
  if (!credential) return credentialMissing();
  return await probe({ url: server.url, transport: server.transport, credential }, { ...settings, ...watch });
}

/** Probes a stored server with its stored credential. */
export async function probeStored(
  server: ProbeServer,
  deps: ProbeDeps & { readKeys: () => SecretKeys },
): Promise<ProbeResult> {
  return probeWith(server, await secretOf(server, deps.readKeys), deps);
}

/** The stored credential of a server; null when there is none, or the method uses none. */
async function secretOf(server: ProbeServer, readKeys: () => SecretKeys): Promise<string | null> {
  if (server.auth_method === 'none' || server.secret === null) return null;
  return await open(server.secret, { workspaceId: server.workspace_id, serverId: server.id }, readKeys());
}

/** How to reach a stored server with its stored credential; null when it needs one and none is set. */
export async function storedTarget(
  server: ProbeServer,
  readKeys: () => SecretKeys,
): Promise<ServerTarget | null> {
  const credential = credentialOf(server.auth_method, server.auth_header, await secretOf(server, readKeys));
  if (!credential) return null;
  return {
    serverId: server.id,
    configVersion: server.config_version,
    url: server.url,
    transport: server.transport,
    credential,
    callTimeoutMs: server.call_timeout_ms,
    maxConcurrency: server.max_concurrency,
  };
}

function credentialOf(method: AuthMethod, header: string | null, secret: string | null): Credential | null {
  if (method === 'none') return { method };
  if (!secret) return null;
  return method === 'api_key' ? { method, header: header ?? 'X-API-Key', secret } : { method, secret };
}

function credentialMissing(): ProbeFailure {
  const { message, hint } = describeError('credential_missing');
  return { ok: false, phase: 'authenticate', code: 'credential_missing', message, hint, phases: [] };
}
