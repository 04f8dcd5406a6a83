/**
 * Cookies and session ids of one MCP session. Load balancers use cookies to route a session to the instance that holds
 * it. Both are sent only to the origin that set them.
 */
import { parseCookie } from 'undici';

const SESSION_HEADER = 'mcp-session-id';
/** The least that browsers keep for a host (RFC 6265, section 6.1). */
const MAX_COOKIES = 50;
/** The least that browsers take of one cookie (the same section), and a limit for all that a request sends back. */
const MAX_COOKIE_CHARS = 4_096;
const MAX_ALL_COOKIES_CHARS = 16_384;
/** Longer than any id in use; it is sent with each request. */
const MAX_SESSION_ID_CHARS = 4_096;
/** Characters that a header may carry; other cookies are ignored. */
const SENDABLE = /^[\x20-\x3a\x3c-\x7e]*$/;
/** What a session id may consist of (specification 2025-11-25, session management). */
const SESSION_ID = /^[\x21-\x7e]+$/;

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

  /** Whether a server assigned a session id, in the handshake or later. */
  get hasSession(): boolean {
    return [...this.#origins.values()].some(({ sessionId }) => sessionId !== null);
  }

  /** Forgets session ids before a new handshake, which must not carry one. */
  forgetSession(): void {
    for (const origin of this.#origins.values()) origin.sessionId = null;
  }

  /** Adds the session id and the cookies of the request's origin to its headers. */
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
   * Stores what a response sets. A session id may arrive late or change. Only an id that differs from the request's own
   * counts, so that a slow response to an older request doesn't bring back an older id.
   */
  learn(url: URL, sent: Headers, status: number, received: Headers): void {
    const origin = this.#origins.get(url.origin) ?? { sessionId: null, cookies: new Map() };
    this.#origins.set(url.origin, origin);
    const sessionId = received.get(SESSION_HEADER);
    const isAssigned = status >= 200 && status < 300 && isSessionId(sessionId);
    if (isAssigned && sessionId !== sent.get(SESSION_HEADER)) origin.sessionId = sessionId;
    for (const text of received.getSetCookie()) keepCookie(origin.cookies, text, url);
  }
}

function keepCookie(cookies: Origin['cookies'], text: string, url: URL): void {
  const cookie = parseCookie(text);
  if (!cookie?.name || !SENDABLE.test(`${cookie.name}${cookie.value}`)) return;
  const { name, value, maxAge, expires } = cookie;
  const path = cookie.path?.startsWith('/') ? cookie.path : url.pathname.slice(0, url.pathname.lastIndexOf('/')) || '/'; // prettier-ignore
  // A date that is none counts as absent.
  const date = Number(expires ?? Infinity);
  const expiresAt =
    maxAge === undefined ? (Number.isNaN(date) ? Infinity : date) : Date.now() + maxAge * 1_000;
  const key = `${name};${path}`;
  cookies.delete(key);
  const hasRoom = cookies.size < MAX_COOKIES && fits([...cookies.values()], { name, value, path, expiresAt });
  if (expiresAt > Date.now() && hasRoom) cookies.set(key, { name, value, path, expiresAt });
}

function isSessionId(text: string | null): text is string {
  return text !== null && text.length <= MAX_SESSION_ID_CHARS && SESSION_ID.test(text);
}

function fits(stored: readonly StoredCookie[], cookie: StoredCookie): boolean {
  const sizeOf = ({ name, value, path }: StoredCookie): number => name.length + value.length + path.length;
  const all = stored.reduce((sum, one) => sum + sizeOf(one), sizeOf(cookie));
  return sizeOf(cookie) <= MAX_COOKIE_CHARS && all <= MAX_ALL_COOKIES_CHARS;
}

/** RFC 6265, 5.1.4. */
function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
