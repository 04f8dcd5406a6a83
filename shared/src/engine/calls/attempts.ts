/**
 * Which handshakes to try with a server, and in which order. Pure: `open-session` carries the attempts out.
 *
 *   probe (server/discover, then initialize) ──► initialize alone ──► the version that a rejection lists
 *                                           └──► the old SSE ──► the probe once more, if it was only too slow
 *
 * The probe of the newer era never costs a server: whatever it is answered with, `initialize` is tried once. A
 * server that cannot be reached, or that asks us to wait, is not asked twice.
 */
import type { AppError } from '../../contract/errors.ts';
import type { ProtocolEra, Transport as TransportChoice } from '../../contract/schema/server.ts';
import { ENDS_HANDSHAKES, MAY_BE_OLD_SSE, UNKNOWN_REQUEST } from '../messages/error-groups.ts';
import {
  nextVersion,
  SESSION_VERSIONS,
  STATELESS_VERSION,
  unsupportedVersion,
  type VersionRejection,
} from '../session/protocol-versions.ts';

/** How a server was reached; given to the next `openSession` it saves the finding out. */
export interface Route {
  transport: Exclude<TransportChoice, 'auto'>;
  era: 'legacy' | 'modern';
  /** What `initialize` has to offer, where it is not our newest version. */
  version?: string | undefined;
}

/** One handshake; `probe` finds the era out. */
export interface Attempt {
  transport: Route['transport'];
  era: 'probe' | Route['era'];
  version?: string | undefined;
}

export interface FailedAttempt {
  attempt: Attempt;
  error: AppError;
  /** The last request that was sent: `server/discover`, `initialize` or what follows; null when none was. */
  lastMethod: string | null;
  rejection: VersionRejection | null;
  /** The old SSE: the server opened its stream and named an endpoint, so it is one of that kind. */
  isSseServer: boolean;
}

/** What is known of a server before the first attempt. */
export interface Asked {
  transport: TransportChoice;
  /** Pinned by the user. */
  protocolEra: ProtocolEra;
  route: Route | undefined;
  /** A refused credential is not sent again. */
  hasCredential: boolean;
}

/** The handshake to begin with. */
export function firstAttempt({ transport, protocolEra, route }: Asked): Attempt {
  // The old SSE has sessions only.
  if (transport === 'sse') return { transport, era: 'legacy', version: route?.version };
  if (route && (transport === 'auto' || route.transport === transport)) {
    const isAllowed = protocolEra === 'auto' || (protocolEra === 'stateless') === (route.era === 'modern');
    if (isAllowed) return route;
  }
  const era = { auto: 'probe', sessions: 'legacy', stateless: 'modern' } as const;
  return { transport: 'streamable_http', era: era[protocolEra] };
}

/** The handshake to try after those that failed; null when there is no other. */
export function nextAttempt(failed: readonly FailedAttempt[], asked: Asked): Attempt | null {
  const last = failed.at(-1);
  if (!last || endsAttempts(last, asked)) return null;
  const { attempt, error, rejection } = last;
  if (rejection) {
    const candidates = candidatesOf(last, asked).filter(
      // Whoever names no version rejected one of the era of sessions.
      (version) => rejection.speaks.length > 0 || version !== STATELESS_VERSION,
    );
    const version = nextVersion(rejection, candidates, versionsTried(failed));
    if (version === STATELESS_VERSION) return { transport: 'streamable_http', era: 'modern' };
    if (version !== null) return { transport: attempt.transport, era: 'legacy', version };
  }
  const has = (transport: Route['transport'], era: Attempt['era']) =>
    failed.some((one) => one.attempt.transport === transport && one.attempt.era === era);
  if (isProbeFailure(last)) return { transport: 'streamable_http', era: 'legacy' };
  const mayTrySse = asked.transport === 'auto' && !asked.route && asked.protocolEra !== 'stateless';
  if (mayTrySse && !rejection && MAY_BE_OLD_SSE.has(error.code) && !has('sse', 'legacy'))
    return { transport: 'sse', era: 'legacy' };
  // A server that was starting answers now; that it rejects `initialize` says that it may be a newer one.
  const wasSlow = failed.some((one) => isProbeFailure(one) && one.error.code === 'timeout');
  if (wasSlow && error.code !== 'timeout' && !has('streamable_http', 'modern'))
    return { transport: 'streamable_http', era: 'modern' };
  return null;
}

/** The failure that says most about the server, of all attempts. */
export function tellingError(failed: readonly FailedAttempt[], asked: Asked): AppError | undefined {
  const last = failed.at(-1);
  if (!last) return undefined;
  const before = failed.slice(0, -1);
  if (last.attempt.transport === 'sse' && before.length > 0) {
    // The first answer says more about the server than the failure of a guess.
    const isGuess = !last.isSseServer && last.error.code !== 'unauthorized';
    if (isGuess) return tellingError(before, asked);
  }
  if (last.rejection) return unsupportedVersion(last.rejection, candidatesOf(last, asked), last.error);
  if (!UNKNOWN_REQUEST.has(last.error.code)) return last.error;
  // A version that was rejected is no longer the reason.
  const telling = before.find((one) => !one.rejection && !UNKNOWN_REQUEST.has(one.error.code));
  return telling?.error ?? last.error;
}

/** Whether a failure leaves open that the remembered way to a server still leads there. */
export function keepsRoute({ code, retryAfterMs }: AppError): boolean {
  return ENDS_HANDSHAKES.has(code) || retryAfterMs !== undefined || code === 'unauthorized';
}

function endsAttempts({ error }: FailedAttempt, { hasCredential }: Asked): boolean {
  const isRefused = error.code === 'unauthorized' && hasCredential;
  return ENDS_HANDSHAKES.has(error.code) || error.retryAfterMs !== undefined || isRefused;
}

function isProbeFailure({ attempt, lastMethod }: FailedAttempt): boolean {
  return attempt.era === 'probe' && (lastMethod === null || lastMethod === 'server/discover');
}

/** Versions that may be offered: the user's pin and the old SSE leave one era only. */
function candidatesOf({ attempt }: FailedAttempt, { protocolEra }: Asked): readonly string[] {
  if (protocolEra === 'stateless') return [STATELESS_VERSION];
  if (protocolEra === 'sessions' || attempt.transport === 'sse') return SESSION_VERSIONS;
  return [STATELESS_VERSION, ...SESSION_VERSIONS];
}

function versionsTried(failed: readonly FailedAttempt[]): Set<string> {
  return new Set(
    failed.flatMap(({ attempt, lastMethod }) => {
      if (attempt.era === 'modern') return [STATELESS_VERSION];
      if (lastMethod === 'server/discover') return [];
      return [attempt.version ?? SESSION_VERSIONS[0] ?? ''];
    }),
  );
}
