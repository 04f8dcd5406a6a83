/** What the browser needs for Realtime; the refresh token stays in HttpOnly cookies. */
export interface Access {
  accessToken: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  supabaseUrl: string;
  publishableKey: string;
}

export class SessionExpired extends Error {
  override readonly name = 'SessionExpired';
}

/** Renews this long before expiry, so that a slow answer still arrives in time. */
const RENEW_BEFORE_MS = 90_000;

let held: Access | undefined;
let pending: Promise<Access> | undefined;

/**
 * A valid access token, cached until shortly before it expires.
 * @param refused a token that Realtime rejected, whatever our clock says
 * @throws SessionExpired if the user must sign in again; TypeError if our server can't be reached
 */
export function currentAccess(refused?: string): Promise<Access> {
  if (held && held.accessToken !== refused && held.expiresAt - Date.now() > RENEW_BEFORE_MS)
    return Promise.resolve(held);
  pending ??= fetchAccess().finally(() => (pending = undefined));
  return pending;
}

async function fetchAccess(): Promise<Access> {
  const response = await fetch('/api/access-token', { headers: { accept: 'application/json' } });
  if (response.status === 401) throw new SessionExpired();
  if (!response.ok) throw new TypeError('no access token');
  held = (await response.json()) as Access; // Our own endpoint.
  return held;
}
