import { expiryOf, type Grant, type GrantContent } from '@patchbay/shared/engine/oauth/grant';
import type { GrantStore } from '@patchbay/shared/engine/oauth/grant-store';
import { scopesOf, type EarlierScopes } from '@patchbay/shared/engine/oauth/scopes';

/** A grant of one process, as the database would hold it. */
export class MemoryGrantStore implements GrantStore {
  #grant: Grant | null = null;

  /** What the next sign-in asks for because of this one; null before the first. */
  get earlierScopes(): EarlierScopes | null {
    return this.#grant && scopesOf(this.#grant);
  }

  /** Stores what a sign-in gave. */
  put(granted: Omit<GrantContent, 'server_id' | 'holder_id' | 'server_address'> & { issuer: string }): void {
    this.#grant = {
      ...granted,
      id: crypto.randomUUID(),
      server_id: 'one',
      holder_id: null,
      server_address: null,
      user_id: null,
      revision: 1,
      expires_at: expiryOf(granted.tokens, Date.now()),
      is_refused: false,
      wanted_scope: null,
      failures: 0,
      renewed_ms_ago: null,
      vain_renewals: 0,
      retry_in_ms: null,
      lease_left_ms: null,
    };
  }

  read(): Promise<Grant | null> {
    return Promise.resolve(this.#grant);
  }

  lease(): Promise<string | null> {
    return Promise.resolve('lease');
  }

  renew(grant: Grant, _leaseId: string, tokens: GrantContent['tokens'], now: number): Promise<Grant | null> {
    const expires_at = expiryOf(tokens, now);
    this.#grant = { ...grant, tokens, revision: grant.revision + 1, expires_at, renewed_ms_ago: 0 };
    return Promise.resolve(this.#grant);
  }

  recordIneffectiveRenewal(): Promise<void> {
    return Promise.resolve();
  }

  delay(): Promise<void> {
    return Promise.resolve();
  }

  wantMore(grant: Grant, scope: string | null): Promise<void> {
    this.#grant = { ...grant, wanted_scope: scope ?? '' };
    return Promise.resolve();
  }

  refuse(grant: Grant): Promise<void> {
    this.#grant = { ...grant, is_refused: true };
    return Promise.resolve();
  }
}
