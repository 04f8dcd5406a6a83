import ipaddr from 'ipaddr.js';
import { checkUrl, type AddressPolicy } from '../outgoing/address-policy.ts';
import { AppError, describeError, isAboutCredential, type ErrorCode } from '../../contract/errors.ts';
import type { PhaseTiming, ProbeFailure, ProbePhase, ProbeSuccess } from '../../contract/schema/functions.ts';
import { offersSignIn } from '../oauth/discovery.ts';
import { readChallenge } from '../http/challenge.ts';
import { classify } from '../messages/classify.ts';
import { resolveAllowed, type Exchange, type Resolve } from '../outgoing/outgoing-fetch.ts';
import type { Route } from '../calls/attempts.ts';
import { openSession } from '../session/open-session.ts';
import { addressOf } from '../outgoing/redirects.ts';
import { saidError } from '../messages/refusal.ts';
import type { Session } from '../session/session.ts';
import { settleOrAbort } from '../session/settle-or-abort.ts';
import type { ServerTarget } from '../session/target.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

/** What a probe needs of a target; a draft has no id yet. */
export type ProbeTarget = Pick<ServerTarget, 'url' | 'transport' | 'credential' | 'protocolEra'>;

export interface ProbeOptions {
  policy: AddressPolicy;
  /** Whole time of all phases; default 10 000. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Default: as the system resolves names. */
  resolve?: Resolve | undefined;
  /** Called when a phase begins, with the durations of the finished ones. */
  onPhase?: (phase: ProbePhase, finished: readonly PhaseTiming[]) => void;
  /** How the server was reached before; saves the finding out. */
  route?: Route | undefined;
  /** Whether to look for an authorization server when the server refuses a request without a credential; default true. */
  findsSignIn?: boolean;
  /** Called with how the server was reached. */
  onRoute?: (route: Route) => void;
  /** When its certificate expires; not called without TLS. */
  onCertificate?: (expiresAt: Date) => void;
}

export type ProbeResult = ProbeSuccess | ProbeFailure;
/** Of a server whose tools were not requested. */
export type LightProbeResult = Omit<ProbeSuccess, 'tools' | 'skipped' | 'note'> | ProbeFailure;

/**
 * Tests a server phase by phase, without storing anything. Never rejects.
 * @returns what the server is and offers, or the phase that failed with code, sentence and hint
 */
export function probe(target: ProbeTarget, options: ProbeOptions): Promise<ProbeResult> {
  return run(target, options, async (session, { phases, signal, timeoutMs }) => {
    phases.begin('list_tools');
    return await session.list(signal, timeoutMs);
  });
}

/** As `probe`, but pings the server in place of listing its tools. */
export function lightProbe(target: ProbeTarget, options: ProbeOptions): Promise<LightProbeResult> {
  return run(target, options, async (session, { timeoutMs }) => {
    // In the newer era the handshake is the very request that would be made.
    if (session.route.era === 'legacy') await session.check(timeoutMs);
    return {};
  });
}

interface Limits {
  phases: Phases;
  signal: AbortSignal;
  timeoutMs: number;
}

async function run<Found extends { note?: string | null }>(
  target: ProbeTarget,
  options: ProbeOptions,
  ask: (session: Session, limits: Limits) => Promise<Found>,
): Promise<(Omit<ProbeSuccess, 'tools' | 'skipped' | 'note'> & Found) | ProbeFailure> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timeout = new AbortController();
  // A signal with a timeout of its own would be held until then, with all that hangs on it.
  const timer = setTimeout(() => timeout.abort(new AppError('timeout')), timeoutMs);
  const signal = options.signal ? AbortSignal.any([timeout.signal, options.signal]) : timeout.signal;
  const phases = new Phases(options.onPhase);
  let refusal: Exchange | null = null;
  let session: Session | null = null;
  try {
    phases.begin('address');
    await settleOrAbort(checkAddress(target.url, options), signal);
    phases.begin('connect');
    session = await openSession(target, {
      policy: options.policy,
      resolve: options.resolve,
      signal,
      timeoutMs,
      route: options.route,
      isBrief: true,
      onExchange: (exchange) => {
        noticeAnswer(phases, exchange);
        if (exchange.status === 401 || exchange.status === 403) refusal ??= exchange;
      },
      onCertificate: options.onCertificate,
    });
    options.onRoute?.(session.route);
    const found = await settleOrAbort(ask(session, { phases, signal, timeoutMs }), signal);
    phases.end();
    await session.end(true);
    const { protocolVersion, serverInfo, capabilities, instructions } = session.facts;
    return {
      ok: true,
      phases: phases.timings,
      transport: session.route.transport,
      protocol_version: protocolVersion,
      server_info: serverInfo,
      capabilities,
      instructions,
      ...found,
      ...noteOf(found, session.redirectedTo),
    };
  } catch (failure) {
    phases.end();
    const error = classify(signal.aborted ? signal.reason : failure);
    return failed(error, phases, target, await wantedAuth(error, refusal, target, { ...options, signal }));
  } finally {
    clearTimeout(timer);
    // A server that failed the test is not waited for once more.
    await session?.end(false);
  }
}

/** What the user should know although the test went well. */
function noteOf(found: { note?: string | null }, redirectedTo: URL | null): { note?: string } {
  const redirect = redirectedTo && `The server redirects to ${addressOf(redirectedTo)}. Credentials are not sent there, so enter that address instead.`; // prettier-ignore
  const note = [redirect, found.note].filter(Boolean).join(' ');
  return note === '' ? {} : { note };
}

/** The first answer ends the connect phase; the first that is not a refusal ends the authentication. */
function noticeAnswer(phases: Phases, { status }: Exchange): void {
  if (phases.current === 'connect') phases.begin('authenticate');
  if (phases.current === 'authenticate' && status !== 401 && status !== 403) phases.begin('initialize');
}

type WantedAuth = NonNullable<ProbeFailure['wanted_auth']> | null;

/** How the server wants to be asked, from its refusal or, where that doesn't mention a sign-in, from discovery. */
async function wantedAuth(
  { code }: AppError,
  refusal: Exchange | null,
  { url, credential }: ProbeTarget,
  { policy, resolve, signal, findsSignIn = true }: ProbeOptions,
): Promise<WantedAuth> {
  if (!refusal) return null;
  const challenge = readChallenge(refusal.headers, url);
  // Whoever says where to sign in takes sign-ins (RFC 9728, 5.1).
  if (challenge.resourceMetadataUrl) return 'oauth';
  const isRefused = code === 'unauthorized' || code === 'forbidden';
  const isOpen = credential.method === 'none' && isRefused && findsSignIn;
  if (isOpen && (await offersSignIn(url, challenge, { policy, resolve, signal }))) return 'oauth';
  return authOfScheme(refusal);
}

/** From the scheme of the challenge (RFC 9110, 11.6.1). */
function authOfScheme({ status, headers }: Exchange): WantedAuth {
  const scheme = status === 401 ? /^\s*([\w-]+)/.exec(headers.get('www-authenticate') ?? '')?.[1] : undefined;
  if (scheme?.toLowerCase() === 'bearer') return 'bearer_token';
  return scheme?.toLowerCase().replaceAll('-', '') === 'apikey' ? 'api_key' : null;
}

async function checkAddress(text: string, { policy, resolve }: ProbeOptions): Promise<void> {
  const host = checkUrl(text, policy).hostname.replace(/^\[|\]$/g, '');
  if (!ipaddr.isValid(host)) await resolveAllowed(host, policy, resolve);
}

function failed(error: AppError, phases: Phases, target: ProbeTarget, wanted: WantedAuth): ProbeFailure {
  const { code } = error;
  const isOpen = target.credential.method === 'none';
  const isRefused = code === 'unauthorized' || code === 'forbidden';
  const report = {
    ok: false,
    phase: phases.current,
    code,
    phases: phases.timings,
    ...(error.retryAfterMs !== undefined && { retry_after_s: Math.ceil(error.retryAfterMs / 1_000) }),
  } as const;
  const phase = phaseOf(code, phases.current);
  if (isOpen && isRefused && wanted === 'oauth')
    return { ...report, phase, wanted_auth: wanted, ...SIGN_IN_WANTED };
  const isMissing = isOpen && code === 'unauthorized';
  const { message } = isMissing ? saidError('credential_missing', error.said) : error;
  const { hint } = describeError(isMissing ? 'credential_missing' : code);
  return { ...report, phase, message, hint, ...(wanted && { wanted_auth: wanted }) };
}

/** The phase that an error belongs to; what is refused by its status looks like a matter of the credential until then. */
function phaseOf(code: ErrorCode, current: ProbePhase): ProbePhase {
  if (isAboutCredential(code)) return 'authenticate';
  return code === 'host_rejected' ? 'connect' : current;
}

const SIGN_IN_WANTED = {
  message: describeError('sign_in_required').message,
  hint: "Set this server's authentication to OAuth.",
};

/** Times of the phases, in the order in which they began. */
class Phases {
  readonly timings: PhaseTiming[] = [];
  current: ProbePhase = 'address';
  readonly #onPhase: ProbeOptions['onPhase'];
  #startedAt: number | null = null;

  constructor(onPhase: ProbeOptions['onPhase']) {
    this.#onPhase = onPhase;
  }

  begin(phase: ProbePhase): void {
    this.end();
    this.current = phase;
    this.#startedAt = performance.now();
    this.#onPhase?.(phase, this.timings);
  }

  end(): void {
    if (this.#startedAt === null) return;
    this.timings.push({ phase: this.current, duration_ms: Math.round(performance.now() - this.#startedAt) });
    this.#startedAt = null;
  }
}
