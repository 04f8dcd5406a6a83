/** What the browser needs to speak to Realtime itself; the refresh token stays in HttpOnly cookies. */
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

/** Asked for anew this long before it expires, so that a slow answer still comes in time. */
const RENEW_BEFORE_MS = 90_000;

let held: Access | undefined;
let pending: Promise<Access> | undefined;

/**
 * A valid access token, from memory while it lasts.
 * @param refused a token that Realtime took no more, whatever our clock says; another one is asked for
 * @throws SessionExpired when the user has to sign in again; TypeError when our server cannot be reached
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
  held = (await response.json()) as Access; // Our own endpoint; its shape is this type.
  return held;
}
