/**
 * The message endpoint of the old HTTP+SSE transport. The server names it in the first event of its stream; behind a
 * proxy it often leaves out the path that the proxy adds, or names itself as only the proxy knows it.
 */
import { AppError } from '../../contract/errors.ts';

type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

/** The first event is short; what is longer is something else. */
const MAX_FIRST_EVENT = 8_192;
const NO_ADDRESS = 'The server names a message endpoint that is not a valid web address.';
/** Answers that are about the request, not about the path. */
const ABOUT_REQUEST: ReadonlySet<number> = new Set([401, 413, 415, 429, 503]);

/** A fetch for the requests of one old SSE session, with what it learned about the endpoint. */
export class SseEndpoint {
  /** As the server named it, made absolute; null before that. */
  named: URL | null = null;
  /** Whether the server named something that is no web address. */
  #isUnusable = false;
  readonly #configured: URL;
  readonly #fetch: Fetch;
  /** The path that works: the one that was named, or the same under the configured path's prefix. */
  #working: URL | null = null;

  constructor(configured: URL, fetch: Fetch) {
    this.#configured = configured;
    this.#fetch = fetch;
  }

  /** Why messages cannot be sent to the endpoint that was named; null when they can. */
  get unusable(): AppError | null {
    if (this.#isUnusable) return new AppError('protocol_error', { message: NO_ADDRESS });
    if (!this.named || this.named.origin === this.#configured.origin) return null;
    return new AppError('protocol_error', {
      message:
        `The server asks for messages at ${nameOf(this.named)} instead of ${this.#configured.origin}. ` +
        'Patchbay sends messages and credentials only to the configured address: ' +
        "correct the public address in the server's settings, or enter that address here.",
    });
  }

  /** As `fetch`; a first message that the endpoint does not take is sent once more under the configured prefix. */
  async fetch(input: string | URL, init?: RequestInit): Promise<Response> {
    if (init?.method !== 'POST') return this.#watch(await this.#fetch(input, init));
    if (this.#working) return this.#fetch(this.#working, init);
    const endpoint = new URL(input);
    const first = await this.#fetch(endpoint, init);
    if (isTaken(first)) {
      this.#working = endpoint;
      return first;
    }
    const prefixed = underPrefix(endpoint, this.#configured);
    if (!prefixed || ABOUT_REQUEST.has(first.status)) return this.#refuse(first, endpoint, null);
    await first.body?.cancel();
    const second = await this.#fetch(prefixed, init);
    if (!isTaken(second)) return this.#refuse(first, endpoint, prefixed);
    this.#working = prefixed;
    return second;
  }

  /** @throws AppError that names the endpoint, when nothing is there */
  async #refuse(response: Response, endpoint: URL, prefixed: URL | null): Promise<Response> {
    const { status } = response;
    const isMissing = response.ok || status === 404 || status === 405;
    if (!isMissing) return response;
    await response.body?.cancel().catch(() => {});
    const also = prefixed ? `; neither does ${nameOf(prefixed)}` : '';
    const said = response.ok ? 'a web page' : `HTTP ${status}`;
    throw new AppError('not_found', {
      message: `The server names ${nameOf(endpoint)} as its message endpoint, but it doesn't accept messages (${said})${also}.`,
    });
  }

  /** Lets the stream through, and reads the endpoint in its first event. */
  #watch(response: Response): Response {
    if (!response.ok || !response.body) return response;
    let text = '';
    const decoder = new TextDecoder();
    const note = (chunk: Uint8Array) => {
      if (this.named || text.length > MAX_FIRST_EVENT) return;
      text += decoder.decode(chunk, { stream: true });
      const data = /^event: ?endpoint[\r\n]/m.test(text) ? /^data: ?(.+)[\r\n]/m.exec(text)?.[1] : undefined;
      if (data === undefined) return;
      const named = URL.canParse(data, this.#configured.href) ? new URL(data, this.#configured) : null;
      if (named && /^https?:$/.test(named.protocol)) this.named = named;
      else this.#isUnusable = true;
    };
    const watched = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          note(chunk);
          controller.enqueue(chunk);
        },
      }),
    );
    const { status, statusText, headers } = response;
    return new Response(watched, { status, statusText, headers });
  }
}

/**
 * The endpoint under the path that leads to the configured address: `/messages` named at `/team/sse` becomes
 * `/team/messages`. Segments that both have are not doubled.
 * @returns null when the endpoint is there already
 */
export function underPrefix(endpoint: URL, configured: URL): URL | null {
  const directory = configured.pathname.split('/').filter(Boolean).slice(0, -1);
  const path = endpoint.pathname.split('/').filter(Boolean);
  const isStart = (from: number) => directory.slice(from).every((segment, at) => path[at] === segment);
  const overlap = directory.findIndex((_segment, at) => isStart(at));
  const prefix = overlap === -1 ? directory : directory.slice(0, overlap);
  if (prefix.length === 0) return null;
  const prefixed = new URL(endpoint);
  prefixed.pathname = `/${prefix.join('/')}${endpoint.pathname}`;
  return prefixed;
}

/** Some servers answer unknown paths with a page. */
function isTaken(response: Response): boolean {
  return response.ok && !(response.headers.get('content-type') ?? '').startsWith('text/html');
}

/** Without the query, which carries the session. */
function nameOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
