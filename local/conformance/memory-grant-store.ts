import { expiryOf, type Grant, type GrantContent } from '@patchbay/shared/oauth/grant';
import type { GrantStore } from '@patchbay/shared/oauth/grant-store';

/** A grant of one process, as the database would hold it. */
export class MemoryGrantStore implements GrantStore {
  /** What the server asked for beyond the grant. */
  wantedScope: string | null = null;
  #grant: Grant | null = null;

  /** Stores what a sign-in gave. */
  put(granted: Omit<GrantContent, 'server_id' | 'holder_id'> & { issuer: string }): void {
    this.#grant = {
      ...granted,
      id: crypto.randomUUID(),
      server_id: 'one',
      holder_id: null,
      user_id: null,
      revision: 1,
      expires_at: expiryOf(granted.tokens, Date.now()),
      is_refused: false,
      wanted_scope: null,
      failures: 0,
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
    this.#grant = { ...grant, tokens, revision: grant.revision + 1, expires_at: expiryOf(tokens, now) };
    return Promise.resolve(this.#grant);
  }

  delay(): Promise<void> {
    return Promise.resolve();
  }

  wantMore(_grant: Grant, scope: string | null): Promise<void> {
    this.wantedScope = scope;
    return Promise.resolve();
  }

  refuse(grant: Grant): Promise<void> {
    this.#grant = { ...grant, is_refused: true };
    return Promise.resolve();
  }
}
