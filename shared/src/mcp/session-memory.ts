/**
 * What a server wants to get back with each request of one session: its cookies, by which load balancers find the
 * machine that holds the session, and its session id. Each goes to the origin that set it, and nowhere else.
 */
import { parseCookie } from 'undici';

const SESSION_HEADER = 'mcp-session-id';
/** As many as browsers keep for a host, at least (RFC 6265, 6.1). */
const MAX_COOKIES = 50;
/** What a header may carry; anything else is not sent back. */
const SENDABLE = /^[\x20-\x3a\x3c-\x7e]*$/;

interface StoredCookie {
  name: string;
  value: string;
  path: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

interface Origin {
  sessionId: string | null;
  /** By name and path. */
  cookies: Map<string, StoredCookie>;
}

export class SessionMemory {
  readonly #origins = new Map<string, Origin>();

  /** Whether a server assigned a session, at the handshake or later. */
  get hasSession(): boolean {
    return [...this.#origins.values()].some(({ sessionId }) => sessionId !== null);
  }

  /** A handshake begins: it goes without the id of an older session. */
  forgetSession(): void {
    for (const origin of this.#origins.values()) origin.sessionId = null;
  }

  /** Adds to the headers of a request what its origin wants to see. */
  sign(url: URL, headers: Headers): void {
    const origin = this.#origins.get(url.origin);
    if (origin?.sessionId) headers.set(SESSION_HEADER, origin.sessionId);
    else headers.delete(SESSION_HEADER);
    const now = Date.now();
    const pairs = [...(origin?.cookies.values() ?? [])]
      .filter(({ path, expiresAt }) => expiresAt > now && isUnder(url.pathname, path))
      .map(({ name, value }) => `${name}=${value}`);
    // The credential may itself be a cookie.
    if (pairs.length > 0) headers.set('cookie', [headers.get('cookie'), ...pairs].filter(Boolean).join('; '));
  }

  /**
   * Learns from a response. A session id may come late, and it may change: what counts is one that differs from what
   * the request carried, so that slow responses to older requests bring no older id back.
   */
  learn(url: URL, sent: Headers, status: number, received: Headers): void {
    const origin = this.#origins.get(url.origin) ?? { sessionId: null, cookies: new Map() };
    this.#origins.set(url.origin, origin);
    const sessionId = received.get(SESSION_HEADER);
    const isAssigned = status >= 200 && status < 300 && sessionId && SENDABLE.test(sessionId);
    if (isAssigned && sessionId !== sent.get(SESSION_HEADER)) origin.sessionId = sessionId;
    for (const text of received.getSetCookie()) keepCookie(origin.cookies, text, url);
  }
}

function keepCookie(cookies: Origin['cookies'], text: string, url: URL): void {
  const cookie = parseCookie(text);
  if (!cookie?.name || !SENDABLE.test(`${cookie.name}${cookie.value}`)) return;
  const { name, value, maxAge, expires } = cookie;
  const path = cookie.path?.startsWith('/') ? cookie.path : url.pathname.slice(0, url.pathname.lastIndexOf('/')) || '/'; // prettier-ignore
  const expiresAt = maxAge === undefined ? Number(expires ?? Infinity) : Date.now() + maxAge * 1_000;
  const key = `${name};${path}`;
  cookies.delete(key);
  if (expiresAt > Date.now() && cookies.size < MAX_COOKIES)
    cookies.set(key, { name, value, path, expiresAt });
}

/** RFC 6265, 5.1.4. */
function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
