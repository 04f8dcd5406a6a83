/**
 * Access tokens for the requests to one server. Refreshes ahead of expiry, one process at a time; a 5xx of the
 * authorization server is waited out, and never a reason to sign in again.
 */
import {
  computeScopeUnion,
  isStrictScopeSuperset,
  OAuthError,
  OAuthErrorCode,
  refreshAuthorization,
} from '@modelcontextprotocol/client';
import { setTimeout as delay } from 'node:timers/promises';
import type { AddressPolicy } from '../outgoing/address-policy.ts';
import { AppError } from '../../contract/errors.ts';
import { retryDelayMs } from '../backoff.ts';
import type { TokenSource } from '../session/target.ts';
import { withAuthorizationFetch, type AuthorizationFetch } from './authorization-fetch.ts';
import type { Grant, GrantContent } from './grant.ts';
import type { GrantStore } from './grant-store.ts';
import { nextStep } from './next-step.ts';
import { renewUnattended } from './unattended.ts';

const LEASE_MS = 40_000;
const REFRESH_TIMEOUT_MS = 12_000;
/** Fresh tokens exist nowhere else: storing them is tried so often, with pauses of so long. */
const STORE_PAUSES_MS = [200, 500, 1_000, 2_000, 4_000];
const POLL_INTERVAL_MS = 150;
const PATIENCE_MS = 60_000;

/** Answers of an authorization server after which the same request may succeed; any other error code is a refusal. */
const PASSING: ReadonlySet<string> = new Set([
  OAuthErrorCode.ServerError,
  OAuthErrorCode.TemporarilyUnavailable,
  OAuthErrorCode.TooManyRequests,
]);

export interface TokenSourceOptions {
  store: GrantStore;
  policy: AddressPolicy;
  /** Wall clock in milliseconds. */
  now?: () => number;
  /** 0 to below 1, for the jitter. */
  random?: () => number;
  /** How long others wait for whoever refreshes; longer than a refresh and the storing of its answer may take. */
  leaseMs?: number;
}

/** The tokens of a grant; the source lives as long as the connection that uses it. */
export class GrantTokens implements TokenSource {
  readonly #options: Required<TokenSourceOptions>;
  /** The grant as last read, and when. */
  #seen: { grant: Grant; at: number } | null = null;
  /** Running renewals by refused token (null: none was refused). */
  readonly #running = new Map<string | null, Promise<string | null>>();

  constructor(options: TokenSourceOptions) {
    // eslint-disable-next-line no-restricted-properties -- here chance comes in, for the pure decision
    this.#options = { now: Date.now, random: Math.random, leaseMs: LEASE_MS, ...options };
  }

  /** @throws AppError `sign_in_required`, or `server_error` while the authorization server is unreachable */
  async token(): Promise<string> {
    const { now } = this.#options;
    const grant = this.#remembered();
    if (grant && nextStep(grant, null, now()).do === 'use') return grant.tokens.access_token;
    try {
      const token = await this.#obtain(null);
      if (token === null) throw new AppError('sign_in_required');
      return token;
    } catch (error) {
      // The database is unreachable, but a token that is due for a refresh may still be valid.
      const isGood = grant && nextStep({ ...grant, retry_in_ms: 1 }, null, now()).do === 'use';
      if (isGood && !(error instanceof AppError)) return grant.tokens.access_token;
      throw error;
    }
  }

  /** Returns the token to try after `refusedToken`, or null if there is none yet. @throws AppError as `token` does */
  async after(refusedToken: string): Promise<string | null> {
    return this.#obtain(refusedToken);
  }

  async reportIneffectiveRenewal(token: string): Promise<void> {
    this.#seen = null;
    // Without the database, the pause before the next renewal is the shortest one.
    const grant = await this.#options.store.read().catch(() => null);
    if (grant?.tokens.access_token === token)
      await this.#options.store.recordIneffectiveRenewal(grant).catch(() => undefined);
  }

  /** Marks the grant as refused, unless a renewed token may work later; then only this request fails. */
  async refuse(token: string, isRenewed: boolean): Promise<AppError> {
    const { store } = this.#options;
    const grant = await store.read();
    this.#seen = null;
    if (grant?.tokens.access_token !== token) return new AppError('sign_in_required');
    const isRenewable = grant.tokens.refresh_token !== undefined || grant.is_unattended;
    if (isRenewable && !isRenewed) return tooEarlyError();
    await store.refuse(grant);
    return new AppError('sign_in_required');
  }

  /** Stores the missing scope with the grant, which stays valid: the next sign-in requests it, unless that failed before. */
  async wantMore(token: string, scope: string | null): Promise<AppError> {
    const { store } = this.#options;
    const grant = await store.read();
    // The next request looks for the grant of a sign-in that came meanwhile.
    this.#seen = null;
    if (grant?.tokens.access_token !== token) return new AppError('scope_required');
    const { requested_scope, tokens, is_widest } = grant;
    const given = tokens.scope ?? requested_scope ?? undefined;
    const isGiven = scope === null ? is_widest : !isStrictScopeSuperset(scope, given);
    if (isGiven) return scopeNotGrantedError(scope);
    // Several tools may each lack something: the next sign-in asks for all of it.
    await store.wantMore(
      grant,
      computeScopeUnion(grant.wanted_scope ?? undefined, scope ?? undefined) ?? null,
    );
    const wasAsked = scope !== null && !isStrictScopeSuperset(scope, requested_scope ?? undefined);
    return wasAsked
      ? new AppError('scope_required', { message: NOT_GRANTED })
      : new AppError('scope_required');
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  #remembered(): Grant | null {
    return this.#seen && aged(this.#seen.grant, this.#options.now() - this.#seen.at);
  }

  #remember(grant: Grant | null): void {
    this.#seen = grant && { grant, at: this.#options.now() };
  }

  /** Calls that come at the same time share one way through the steps. */
  #obtain(refusedToken: string | null): Promise<string | null> {
    const running = this.#running.get(refusedToken) ?? this.#walk(refusedToken);
    this.#running.set(refusedToken, running);
    return running.finally(() => this.#running.delete(refusedToken));
  }

  async #walk(refusedToken: string | null): Promise<string | null> {
    const { store, now } = this.#options;
    for (const until = now() + PATIENCE_MS; now() < until;) {
      const grant = await store.read();
      this.#remember(grant);
      const step = nextStep(grant, refusedToken, now());
      if (!grant || step.do === 'sign_in') {
        if (grant && !grant.is_refused) await store.refuse(grant);
        throw new AppError('sign_in_required');
      }
      if (step.do === 'use') return grant.tokens.access_token;
      if (step.do === 'give_up') return null;
      if (step.do === 'back_off') throw retryLaterError(step.retryAfterMs);
      if (step.do === 'wait') await delay(Math.min(step.ms, POLL_INTERVAL_MS));
      if (step.do !== 'refresh') continue;
      const leaseId = await store.lease(grant, this.#options.leaseMs);
      const renewed = leaseId === null ? null : await this.#refresh(grant, leaseId);
      // Used at least once, whatever is said of its life.
      if (renewed) return renewed.tokens.access_token;
      if (leaseId === null) await delay(POLL_INTERVAL_MS);
    }
    throw retryLaterError(POLL_INTERVAL_MS);
  }

  /** @returns the refreshed grant; null when it could not be refreshed, or somebody else stored another */
  async #refresh(grant: Grant, leaseId: string): Promise<Grant | null> {
    const { store, policy, random } = this.#options;
    let tokens: GrantContent['tokens'];
    try {
      const options = { policy, timeoutMs: REFRESH_TIMEOUT_MS };
      tokens = await withAuthorizationFetch(options, (fetch) => refresh(grant, fetch));
    } catch (error) {
      if (error instanceof OAuthError && !PASSING.has(error.code)) await store.refuse(grant);
      else await store.delay(grant, leaseId, retryDelayMs(grant.failures + 1, { retryable: true }, random()));
      return null;
    }
    // Scopes that a response leaves out have not changed (RFC 6749, section 6).
    const { scope } = grant.tokens;
    const renewed = await this.#keep(grant, leaseId, { ...(scope !== undefined && { scope }), ...tokens });
    this.#remember(renewed);
    return renewed;
  }

  /** Stores what exists nowhere else yet. */
  async #keep(grant: Grant, leaseId: string, tokens: GrantContent['tokens']): Promise<Grant | null> {
    for (const pauseMs of STORE_PAUSES_MS) {
      const stored = await this.#options.store
        .renew(grant, leaseId, tokens, this.#options.now())
        .catch(() => undefined);
      if (stored !== undefined) return stored;
      await delay(pauseMs);
    }
    return this.#options.store.renew(grant, leaseId, tokens, this.#options.now());
  }
}

function refresh(grant: Grant, fetchFn: AuthorizationFetch): Promise<GrantContent['tokens']> {
  if (grant.is_unattended) return renewUnattended(grant, fetchFn);
  const { authorization_server, metadata, client, tokens, resource } = grant;
  return refreshAuthorization(authorization_server, {
    clientInformation: client,
    refreshToken: tokens.refresh_token ?? '',
    fetchFn,
    // Checked by the SDK when it was read at the sign-in.
    ...(metadata && { metadata: metadata as never }),
    ...(resource !== null && { resource }),
  });
}

/** The grant as the database would give it so many milliseconds later. */
function aged(grant: Grant, ms: number): Grant {
  const less = (left: number | null) => left && Math.max(left - ms, 0);
  return {
    ...grant,
    renewed_ms_ago: grant.renewed_ms_ago === null ? null : grant.renewed_ms_ago + ms,
    retry_in_ms: less(grant.retry_in_ms),
    lease_left_ms: less(grant.lease_left_ms),
  };
}

function retryLaterError(retryAfterMs: number): AppError {
  return new AppError('server_error', {
    message: "This server's sign-in service isn't responding.",
    retryAfterMs,
  });
}

function tooEarlyError(): AppError {
  return new AppError('server_error', {
    message:
      'The server rejected the access token, which was refreshed a moment ago. Patchbay retries automatically.',
  });
}

const NOT_GRANTED =
  "The server requires more permissions for this. The last sign-in asked for them, but the sign-in service didn't grant them.";

/** @param scope that the sign-in has; null: the server doesn't say what it lacks, and the sign-in asked for all */
function scopeNotGrantedError(scope: string | null): AppError {
  const isPlain = scope !== null && /^[\x21-\x7e ]{1,200}$/.test(scope);
  const what = isPlain ? `the scope “${scope}”` : 'more permissions';
  const message = `The server keeps asking for ${what}, although the sign-in has everything that it names. Signing in again would not help.`;
  return new AppError('forbidden', { message });
}
