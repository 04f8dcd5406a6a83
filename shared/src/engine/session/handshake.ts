/** One handshake with a server: how the SDK is to make it, and what its failure tells. */
import {
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  type VersionNegotiationOptions,
} from '@modelcontextprotocol/client';
import { AppError } from '../../contract/errors.ts';
import type { Attempt, FailedAttempt } from '../calls/attempts.ts';
import { classify } from '../messages/classify.ts';
import {
  MAX_VERSIONS,
  SESSION_VERSIONS,
  STATELESS_VERSION,
  versionRejectionOf,
  type VersionRejection,
} from './protocol-versions.ts';
import type { HttpTransport } from '../http/http-transport.ts';

/** How long the probe of the newer era may be met with silence before `initialize` is tried. */
const PROBE_PATIENCE_MS = 2_000;
const NOT_STATELESS = `The server doesn't support MCP without sessions (${STATELESS_VERSION}).`;

/** How the SDK is to find the era out. */
export function negotiationOf({ era }: Attempt, timeoutMs: number): VersionNegotiationOptions {
  if (era === 'legacy') return { mode: 'legacy' };
  if (era === 'modern') return { mode: { pin: STATELESS_VERSION }, probe: { timeoutMs } };
  return { mode: 'auto', probe: { timeoutMs: Math.min(PROBE_PATIENCE_MS, timeoutMs / 2) } };
}

/** The versions that a client offers and accepts, that of the attempt first. */
export function versionsOf({ version: offered }: Attempt): string[] {
  const others = SESSION_VERSIONS.filter((version) => version !== offered);
  return [...(offered === undefined ? [] : [offered]), ...others, STATELESS_VERSION];
}

/** A server that named its versions, of which we speak none, has no other reason to reject `initialize`. */
function foreignVersions(discovered: readonly string[] | null): VersionRejection | null {
  if (!discovered || discovered.length === 0) return null;
  const isOurs = (version: string) => version === STATELESS_VERSION || SESSION_VERSIONS.includes(version);
  return discovered.some(isOurs) ? null : { speaks: discovered.slice(0, MAX_VERSIONS) };
}

/** What a handshake that failed tells about the server. */
export function failedAttempt(
  attempt: Attempt,
  wire: HttpTransport,
  thrown: unknown,
  signal: AbortSignal,
): FailedAttempt {
  const { transport, sse } = wire;
  const offered = attempt.version ?? SESSION_VERSIONS[0] ?? '';
  const answered = transport.answeredVersion;
  const isUnknown = answered !== null && !SESSION_VERSIONS.includes(answered);
  const rejection = isUnknown
    ? { speaks: [answered] }
    : (versionRejectionOf(thrown, answered ?? offered) ?? foreignVersions(transport.discoveredVersions));
  const failure = {
    attempt,
    lastMethod: transport.lastMethod,
    rejection,
    isSseServer: sse !== null && (sse.named !== null || sse.unusable !== null),
  };
  if (signal.aborted) return { ...failure, error: classify(thrown) };
  const isNotModern =
    attempt.era === 'modern' &&
    thrown instanceof SdkError &&
    thrown.code === SdkErrorCode.EraNegotiationFailed &&
    thrown.cause === undefined &&
    !(thrown instanceof SdkHttpError);
  if (isNotModern) {
    const error =
      transport.lostAnswer ?? new AppError('unsupported_version', { message: NOT_STATELESS, cause: thrown });
    return { ...failure, error };
  }
  const error = sse?.unusable ?? (sse ? wire.failure : null) ?? classify(thrown);
  return { ...failure, error };
}
