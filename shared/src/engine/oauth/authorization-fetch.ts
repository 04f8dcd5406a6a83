import type { AddressPolicy } from '../outgoing/address-policy.ts';
import { AppError } from '../../contract/errors.ts';
import { createOutgoingFetch, type Resolve } from '../outgoing/outgoing-fetch.ts';
import { normalizeMetadata } from './metadata-document.ts';
import { SignInProblem } from './sign-in-problem.ts';
import { normalizeRegistration, normalizeTokenResponse } from './token-response.ts';

/** Most bytes of a response. Metadata of real servers are 1 to 4 KB; a token is a header of later requests. */
const MAX_BYTES = { metadata: 256 * 1024, registration: 64 * 1024, tokens: 64 * 1024 };

/** A fetch as the SDK's OAuth code wants it. */
export type AuthorizationFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface AuthorizationFetchOptions {
  policy: AddressPolicy;
  /** For all requests together. */
  timeoutMs: number;
  /** Default: as the system resolves names. */
  resolve?: Resolve | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Lends a fetch for the addresses that discovery yields: each goes through the address policy, as those that a
 * user types do. Responses with metadata, registrations and tokens come in the form that the SDK's schemas accept.
 */
export async function withAuthorizationFetch<T>(
  { policy, timeoutMs, resolve, signal: outer }: AuthorizationFetchOptions,
  use: (fetch: AuthorizationFetch) => Promise<T>,
): Promise<T> {
  const outgoing = createOutgoingFetch({ policy, resolve });
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new AppError('timeout')), timeoutMs);
  try {
    return await use(async (url, init = {}) => {
      const { signal } = init;
      // Forms come as objects, and the outgoing fetch takes text.
      const body = init.body ? String(init.body as string | URLSearchParams) : null;
      const signals = [late.signal, outer, signal].filter((one) => one !== undefined && one !== null);
      try {
        const response = await outgoing.fetch(url, { ...init, body, signal: AbortSignal.any(signals) });
        return await normalized(response, new URL(url), init, body ?? '');
      } catch (cause) {
        if (cause instanceof SignInProblem) throw cause;
        // Only with a TypeError the SDK gives up; after others it guesses what the server may have meant.
        throw new TypeError('fetch failed', { cause });
      }
    });
  } finally {
    clearTimeout(timer);
    await outgoing.close();
  }
}

/** The response in the form that the SDK accepts, where it is one that the SDK reads. */
async function normalized(response: Response, url: URL, init: RequestInit, sent: string): Promise<Response> {
  const { status, headers } = response;
  const isRedirect = status >= 300 && status < 400;
  const kind = kindOf(init);
  if (kind === null || isRedirect || status === 204) return response;
  const text = await textOf(response, MAX_BYTES[kind]);
  const reply = { status, contentType: headers.get('content-type')?.toLowerCase() ?? '', text };
  if (kind === 'tokens') return json(normalizeTokenResponse(reply));
  if (kind === 'registration') return json(normalizeRegistration(reply, sent));
  const body = response.ok ? normalizeMetadata(parsed(text), url) : null;
  // The SDK continues its discovery after a 404, but not after a web page with status 200.
  return json(body === null ? { status: response.ok ? 404 : status, body: {} } : { status, body });
}

/** By how the SDK asks. Other requests, such as those to the MCP server itself, are left alone. */
function kindOf({
  method = 'GET',
  headers: given,
}: RequestInit): 'metadata' | 'tokens' | 'registration' | null {
  if (method === 'GET') return 'metadata';
  const headers = new Headers(given);
  const type = headers.get('content-type') ?? '';
  const accept = headers.get('accept');
  if (type.startsWith('application/x-www-form-urlencoded')) return accept === null ? null : 'tokens';
  return type.startsWith('application/json') && accept === null ? 'registration' : null;
}

/** @throws AppError `response_too_large` as soon as it is; the rest is not read */
async function textOf(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let received = 0;
  const chunks: ReadableStream<Uint8Array> | readonly Uint8Array[] = response.body ?? [];
  for await (const chunk of chunks) {
    received += chunk.length;
    if (received > maxBytes) throw new AppError('response_too_large');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return null;
  }
}

function json({ status, body }: { status: number; body: object }): Response {
  return Response.json(body, { status });
}
