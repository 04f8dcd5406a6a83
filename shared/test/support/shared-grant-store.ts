import { expiryOf, type Grant, type GrantContent } from '../../src/engine/oauth/grant.ts';
import type { GrantStore } from '../../src/engine/oauth/grant-store.ts';

/** A grant of the authorization server at `origin`, good until the server refuses it. */
export function grantAt(origin: string, rest: Partial<Grant> = {}): Grant {
  return {
    id: 'g',
    server_id: 's',
    user_id: null,
    holder_id: null,
    server_address: null,
    issuer: origin,
    revision: 1,
    expires_at: null,
    is_refused: false,
    wanted_scope: null,
    failures: 0,
    renewed_ms_ago: null,
    vain_renewals: 0,
    retry_in_ms: null,
    lease_left_ms: null,
    tokens: { access_token: 'access 1', token_type: 'Bearer', refresh_token: 'first', expires_in: 3600 },
    client: { client_id: 'patchbay' },
    authorization_server: origin,
    metadata: null,
    resource: 'https://mcp.example/mcp',
    requested_scope: null,
    is_widest: false,
    is_unattended: false,
    ...rest,
  };
}

/** A grant as the database keeps it: one lease at a time. */
export class SharedStore implements GrantStore {
  grant: Grant | null;
  refusals = 0;
  wanted: (string | null)[] = [];
  unavailableCalls = 0;
  /** Milliseconds of any clock. */
  now: () => number = Date.now;
  #lease: string | null = null;
  #renewedAt: number | null = null;

  constructor(grant: Grant) {
    this.grant = grant;
  }

  read(): Promise<Grant | null> {
    const renewed_ms_ago = this.#renewedAt === null ? null : this.now() - this.#renewedAt;
    const lease_left_ms = this.#lease === null ? 0 : 5_000;
    return Promise.resolve(this.grant && { ...this.grant, renewed_ms_ago, lease_left_ms });
  }

  lease({ revision }: Grant): Promise<string | null> {
    if (this.#lease !== null || revision !== this.grant?.revision) return Promise.resolve(null);
    this.#lease = 'lease';
    return Promise.resolve(this.#lease);
  }

  renew(grant: Grant, _lease: string, tokens: GrantContent['tokens'], now: number): Promise<Grant | null> {
    this.unavailableCalls -= 1;
    if (this.unavailableCalls >= 0) return Promise.reject(new Error('unavailable'));
    this.#lease = null;
    this.#renewedAt = this.now();
    const expires_at = expiryOf(tokens, now);
    this.grant = { ...grant, tokens, revision: grant.revision + 1, expires_at, renewed_ms_ago: 0 };
    return Promise.resolve(this.grant);
  }

  recordIneffectiveRenewal(grant: Grant): Promise<void> {
    this.grant = { ...grant, vain_renewals: grant.vain_renewals + 1 };
    return Promise.resolve();
  }

  delay(grant: Grant, _lease: string, retryMs: number): Promise<void> {
    this.#lease = null;
    this.grant = { ...grant, failures: grant.failures + 1, retry_in_ms: retryMs };
    return Promise.resolve();
  }

  wantMore(_grant: Grant, scope: string | null): Promise<void> {
    this.wanted.push(scope);
    return Promise.resolve();
  }

  refuse(grant: Grant): Promise<void> {
    this.#lease = null;
    this.refusals += 1;
    this.grant = { ...grant, is_refused: true };
    return Promise.resolve();
  }
}
