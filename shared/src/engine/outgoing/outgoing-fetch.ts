/**
 * The one fetch for URLs that a user gave. Scheme, name and literals are judged before each request and
 * each redirect; what a name resolves to is judged at connect time, inside the lookup that the socket
 * uses, so that an answer that changes in between helps nobody.
 */
import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { checkUrl, isAddressAllowed, type AddressPolicy } from './address-policy.ts';
import { AppError } from '../../contract/errors.ts';
import { classify } from '../messages/classify.ts';
import { NO_CONNECTION } from '../messages/error-groups.ts';
import { admitRequest } from './host-admission.ts';
import { misledError, redirectTarget } from './redirects.ts';
import { readableResponse } from '../http/response-body.ts';
import type { SentSecrets } from './sent-secrets.ts';
import type { SessionMemory } from '../session/session-memory.ts';
import { sendSigned } from './signed-request.ts';
import { credentialHeader, type Credential } from '../session/target.ts';

const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 15_000;
/** Headers of policies and cookies can be long; the default is 16 KB. */
const MAX_HEADER_BYTES = 64 * 1024;
/** Addresses of one name that are counted and tried; `count_host_requests` takes so many. */
const MAX_ADDRESSES = 16;

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
  /** What the servers of this session want to get back with each request. */
  memory?: SessionMemory;
  /** Notes what must not be shown. */
  secrets?: SentSecrets;
  resolve?: Resolve | undefined;
  onResponse?: ((exchange: Exchange) => void) | undefined;
  /** The caller limits the events of a stream itself; without it, a stream has the limit of any other body. */
  readsEvents?: boolean;
  /** Called with the size of each chunk of a body, in bytes. */
  onChunk?: (exchange: Exchange, bytes: number) => void;
  /** The body of an answer is over: null when it ended well or the reader let go, else why not. */
  onBodyEnd?: (exchange: Exchange, error: unknown) => void;
  /** Called for each TLS connection with the expiry of the server's certificate. */
  onCertificate?: ((expiresAt: Date) => void) | undefined;
}

export interface OutgoingFetch {
  /** Like the global fetch. Rejects with AppError where the fault is ours to name, else with what undici throws. */
  fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** Closes all sockets, also those in use, once no token is being refreshed. */
  close(): Promise<void>;
}

/** Makes a fetch with its own sockets. Bodies are decompressed and limited; there is no timeout but to connect. */
export function createOutgoingFetch(options: OutgoingFetchOptions): OutgoingFetch {
  const agent = new Agent({
    connect: connectorOf(options),
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Event streams and slow tools are silent for minutes; calls have timeouts of their own.
    bodyTimeout: 0,
    headersTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
    allowH2: false,
  });
  const addressesOf = async (host: string) => {
    const bare = host.replace(/^\[|\]$/g, '');
    if (isIP(bare)) return [bare];
    const resolved = await resolveAllowed(host, options.policy, options.resolve);
    return resolved.map(({ address }) => address);
  };
  return {
    fetch: async (target, init = {}) => {
      let url = checkUrl(String(target), options.policy);
      for (let redirects = 0; ; redirects += 1) {
        const to = redirects > 0 ? url : null;
        await admitRequest(url, addressesOf);
        const response = await sendToServer(agent, url, init, options).catch((error: unknown) => {
          const named = classify(error);
          throw to && NO_CONNECTION.has(named.code) ? misledError(to, named) : error;
        });
        const mayFollow = redirects < MAX_REDIRECTS && init.redirect !== 'manual';
        const next = mayFollow ? redirectTarget(url, init.method ?? 'GET', response) : null;
        if (!next) return response;
        await response.body?.cancel();
        url = checkRedirect(next, options.policy);
      }
    },
    close: async () => {
      const { credential } = options.credential ?? {};
      if (credential?.method === 'oauth') await credential.tokens.settled();
      await agent.destroy();
    },
  };
}

/** @throws AppError that names the address */
function checkRedirect(next: URL, policy: AddressPolicy): URL {
  try {
    return checkUrl(next.href, policy);
  } catch (error) {
    throw misledError(next, classify(error));
  }
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
  const headers = requestHeaders(url, init, options);
  const signature = options.credential && credentialHeader(options.credential.credential);
  options.secrets?.note(headers, signature ? [signature[0]] : []);
  const answer = await agent
    .request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: Object.fromEntries(headers),
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
  options.memory?.learn(url, headers, exchange.status, exchange.headers);
  options.onResponse?.(exchange);
  return readableResponse(answer.body, exchange, {
    readsEvents: options.readsEvents === true,
    onChunk: options.onChunk && ((bytes) => options.onChunk?.(exchange, bytes)),
    onEnd: (error) => options.onBodyEnd?.(exchange, error),
  });
}

/** What was asked for, and the credential for its own origin only. */
function requestHeaders(url: URL, init: RequestInit, { credential, memory }: OutgoingFetchOptions): Headers {
  const headers = new Headers(init.headers);
  headers.set('user-agent', 'patchbay');
  // Compression would delay the events of a stream.
  headers.set('accept-encoding', 'identity');
  const header = credential && url.origin === credential.origin && credentialHeader(credential.credential);
  if (header) headers.set(...header);
  memory?.sign(url, headers);
  return headers;
}

function headersOf(raw: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one);
  }
  return headers;
}

/**
 * The addresses of a name that the policy allows, the first 16 of them.
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
  return allowed.slice(0, MAX_ADDRESSES);
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
