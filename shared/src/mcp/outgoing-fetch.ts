/**
 * The one fetch for URLs that a user gave. Scheme, name and literals are judged before each request and
 * each redirect; what a name resolves to is judged at connect time, inside the lookup that the socket
 * uses, so that an answer that changes in between helps nobody.
 */
import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import type { Readable } from 'node:stream';
import { Agent, buildConnector } from 'undici';
import { checkUrl, isAddressAllowed, type AddressPolicy } from '../address-policy.ts';
import { AppError } from '../errors.ts';
import { classify } from './classify.ts';
import { limitBody } from './limited-body.ts';
import { sendSigned } from './signed-request.ts';
import { credentialHeader, type Credential } from './target.ts';

/** Enough for a thousand tools or a picture, and less than what would trouble a small machine. */
export const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;
const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 15_000;
/** Answers that may not have a body, by the rules of `Response`. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Resolves a host name to all of its addresses; rejects with an error that has a `code`, as `node:dns` does. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/** An answer that came, for those who watch a connection. */
export interface Exchange {
  url: URL;
  method: string;
  /** The text that was sent, if any. */
  body: string | null;
  status: number;
  headers: Headers;
}

export interface OutgoingFetchOptions {
  policy: AddressPolicy;
  /** Sent only to `origin`, whatever a redirect says. */
  credential?: { origin: string; credential: Credential };
  resolve?: Resolve | undefined;
  onResponse?: ((exchange: Exchange) => void) | undefined;
  /** The body of an answer is over: null when it ended well or the reader let go, else why not. */
  onBodyEnd?: (exchange: Exchange, error: unknown) => void;
  /** Told of each TLS connection: until when the certificate of the server is valid. */
  onCertificate?: ((expiresAt: Date) => void) | undefined;
}

export interface OutgoingFetch {
  /** Like the global fetch. Rejects with AppError where the fault is ours to name, else with what undici throws. */
  fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** Closes all sockets, also those in use, once no token is being refreshed. */
  close(): Promise<void>;
}

/** Makes a fetch with its own sockets. Bodies are limited (see MAX_RESPONSE_BYTES); there is no time-out but to connect. */
export function createOutgoingFetch(options: OutgoingFetchOptions): OutgoingFetch {
  const agent = new Agent({
    connect: connectorOf(options),
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Event streams and slow tools are silent for minutes; calls have time-outs of their own.
    bodyTimeout: 0,
    headersTimeout: 0,
    allowH2: false,
  });
  return {
    fetch: async (target, init = {}) => {
      let url = checkUrl(String(target), options.policy);
      for (let redirects = 0; ; redirects += 1) {
        const response = await sendToServer(agent, url, init, options);
        const mayFollow = redirects < MAX_REDIRECTS && init.redirect !== 'manual';
        const next = mayFollow ? redirectTarget(url, init.method ?? 'GET', response) : null;
        if (!next) return response;
        await response.body?.cancel();
        url = checkUrl(next.href, options.policy);
      }
    },
    close: async () => {
      const { credential } = options.credential ?? {};
      if (credential?.method === 'oauth') await credential.tokens.settled();
      await agent.destroy();
    },
  };
}

function connectorOf({ policy, resolve, onCertificate }: OutgoingFetchOptions) {
  const connect = { lookup: guardedLookup(policy, resolve ?? resolveBySystem), timeout: CONNECT_TIMEOUT_MS };
  if (!onCertificate) return connect;
  const connector = buildConnector({ ...connect, allowH2: false });
  return (...[target, callback]: Parameters<typeof connector>): void =>
    connector(target, (...answer) => {
      const [, socket] = answer;
      const validTo =
        socket && 'getPeerCertificate' in socket ? Date.parse(socket.getPeerCertificate().valid_to) : NaN;
      if (!Number.isNaN(validTo)) onCertificate(new Date(validTo));
      callback(...answer);
    });
}

/** Sends a request, with the token of a sign-in where there is one. */
async function sendToServer(
  agent: Agent,
  url: URL,
  init: RequestInit,
  options: OutgoingFetchOptions,
): Promise<Response> {
  const { origin, credential } = options.credential ?? {};
  if (credential?.method !== 'oauth' || url.origin !== origin) return send(agent, url, init, options);
  return sendSigned(credential.tokens, url, init, (signed) => send(agent, url, signed, options));
}

async function send(
  agent: Agent,
  url: URL,
  init: RequestInit,
  options: OutgoingFetchOptions,
): Promise<Response> {
  // Callers here send text only; the runtime's type allows more.
  const body = (init.body ?? null) as string | null;
  const method = init.method ?? 'GET';
  const answer = await agent
    .request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: Object.fromEntries(requestHeaders(url, init, options)),
      body,
      signal: init.signal ?? null,
    })
    .catch((error: unknown) => {
      throw init.signal?.aborted || classify(error).code !== 'internal'
        ? error
        : new AppError('unreachable', { cause: error });
    });
  const exchange: Exchange = {
    url,
    method,
    body,
    status: answer.statusCode,
    headers: headersOf(answer.headers),
  };
  options.onResponse?.(exchange);
  return readableResponse(answer.body, exchange, options);
}

/** What was asked for, and the credential for its own origin; another origin does not learn the session either. */
function requestHeaders(url: URL, init: RequestInit, { credential }: OutgoingFetchOptions): Headers {
  const headers = new Headers(init.headers);
  headers.set('user-agent', 'patchbay');
  // What is not compressed cannot be a bomb.
  headers.set('accept-encoding', 'identity');
  if (!credential) return headers;
  const header = credentialHeader(credential.credential);
  if (url.origin !== credential.origin) headers.delete('mcp-session-id');
  else if (header) headers.set(...header);
  return headers;
}

function headersOf(raw: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one);
  }
  return headers;
}

/** The answer with a body that stops at the limit. */
function readableResponse(source: Readable, exchange: Exchange, options: OutgoingFetchOptions): Response {
  const { status, headers } = exchange;
  const encoding = headers.get('content-encoding') ?? 'identity';
  const isStream = headers.get('content-type')?.toLowerCase().startsWith('text/event-stream') ?? false;
  const isTooLarge = !isStream && Number(headers.get('content-length') ?? 0) > MAX_RESPONSE_BYTES;
  if (isTooLarge || encoding !== 'identity') {
    // The socket goes with the body that nobody will read; that this ends it early is no news.
    source.on('error', () => {}).destroy();
    throw new AppError(isTooLarge ? 'response_too_large' : 'protocol_error');
  }
  const body = limitBody(source, {
    maxBytes: MAX_RESPONSE_BYTES,
    piece: isStream ? 'line' : 'whole',
    onEnd: (error) => options.onBodyEnd?.(exchange, error),
  });
  if (!BODILESS.has(status)) return new Response(body, { status, headers });
  void body.cancel();
  return new Response(null, { status, headers });
}

/** Where an answer sends us, when following keeps what was asked: any method for 307 and 308, GET for the rest. */
function redirectTarget(from: URL, method: string, response: Response): URL | null {
  const location = response.headers.get('location');
  const keepsMethod = response.status === 307 || response.status === 308;
  const isRedirect = keepsMethod || (method === 'GET' && [301, 302, 303].includes(response.status));
  return isRedirect && location && URL.canParse(location, from.href) ? new URL(location, from) : null;
}

/**
 * All addresses of a name that the policy allows.
 * @throws AppError `blocked_address` when none is; what the resolver throws when the name has none
 */
export async function resolveAllowed(
  hostname: string,
  policy: AddressPolicy,
  resolve: Resolve = resolveBySystem,
): Promise<LookupAddress[]> {
  const addresses = await resolve(hostname);
  const allowed = addresses.filter(({ address }) => isAddressAllowed(address, policy, hostname));
  if (allowed.length === 0) throw new AppError('blocked_address');
  return allowed;
}

function resolveBySystem(hostname: string): Promise<LookupAddress[]> {
  return new Promise((done, fail) => {
    systemLookup(hostname, { all: true }, (error, addresses) => (error ? fail(error) : done(addresses)));
  });
}

type LookupCallback = (error: Error | null, address: LookupAddress[] | string, family?: number) => void;

/** A lookup for `net.connect`, which asks for one address or for all, as it wants to try them. */
function guardedLookup(policy: AddressPolicy, resolve: Resolve) {
  return (hostname: string, lookupOptions: { all?: boolean }, callback: LookupCallback): void => {
    resolveAllowed(hostname, policy, resolve).then(
      (addresses) => {
        const [first] = addresses;
        if (lookupOptions.all || !first) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, ''),
    );
  };
}
