import { describeError, isAboutCredential } from '../../contract/errors.ts';
import type { ProbeFailure } from '../../contract/schema/functions.ts';
import type { ConnectionStatus } from '../../contract/schema/server.ts';
import type { ProbeServer, StatusObservation } from '../../contract/schema/snapshot.ts';
import type { ConnectionFacts } from '../session/connection.ts';
import type { LightProbeResult } from './probe.ts';

/** Whether a probe failed through our own fault and says nothing about the server. */
export function isOurFault({ code }: Pick<ProbeFailure, 'code'>): boolean {
  return describeError(code).about === 'internal';
}

/** The status that a failure stands for. */
export function statusOfFailure({ code }: Pick<ProbeFailure, 'code'>): ConnectionStatus {
  return isAboutCredential(code) ? 'needs_auth' : 'error';
}

/**
 * What a probe says about the status of its server.
 * @returns null when it failed through our own fault
 */
export function probeObservation(
  server: Pick<ProbeServer, 'id' | 'config_version'>,
  result: LightProbeResult,
  source: 'function' | 'monitor',
  observedAt: Date,
): StatusObservation | null {
  if (!result.ok && isOurFault(result)) return null;
  const durations = Object.fromEntries(
    result.phases.map(({ phase, duration_ms }) => [`${phase}_ms`, duration_ms]),
  );
  return {
    server_id: server.id,
    config_version: server.config_version,
    observed_at: observedAt.toISOString(),
    source,
    ok: result.ok,
    status: result.ok ? 'connected' : statusOfFailure(result),
    error_code: result.ok ? null : result.code,
    error_message: result.ok ? null : result.message,
    // The first request and its answer, without connecting before and listing after.
    latency_ms: durations['initialize_ms'] ?? null,
    detected_transport: result.ok ? result.transport : null,
    protocol_version: result.ok ? result.protocol_version : null,
    server_info: result.ok ? result.server_info : null,
    capabilities: result.ok ? result.capabilities : null,
    instructions: result.ok ? result.instructions : null,
    phases: durations,
  };
}

/** What a call by hand that the server answered says about its status. The time of a call is no latency of the server. */
export function callObservation(
  server: Pick<ProbeServer, 'id' | 'config_version'>,
  facts: ConnectionFacts,
  observedAt: Date,
): StatusObservation {
  return {
    server_id: server.id,
    config_version: server.config_version,
    observed_at: observedAt.toISOString(),
    source: 'function',
    ok: true,
    status: 'connected',
    error_code: null,
    error_message: null,
    latency_ms: null,
    protocol_version: facts.protocolVersion,
    server_info: facts.serverInfo,
    capabilities: facts.capabilities,
    instructions: facts.instructions,
  };
}
