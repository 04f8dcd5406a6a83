import { z } from 'zod';
import { readChallenge } from './challenge.ts';
import { settleOrAbort } from './settle-or-abort.ts';
import type { TokenSource } from './target.ts';

/**
 * Sends a request with the token of a sign-in: a token that is refused is followed by one other, if there is one.
 * A 401 for a single tool says nothing about the sign-in, unless the server calls the token invalid: it is returned as
 * the server's response to that call.
 * @param url of the request
 * @param send sends one request; called once or twice
 * @throws AppError `sign_in_required` when the sign-in is refused, `scope_required` when the server wants rights that
 * were not given, `forbidden` when it keeps asking for those that were
 */
export async function sendSigned(
  tokens: TokenSource,
  url: URL,
  init: RequestInit,
  send: (init: RequestInit) => Promise<Response>,
): Promise<Response> {
  // A refresh belongs to all who need it, and goes on without this request.
  const patience = init.signal ?? new AbortController().signal;
  const sendWith = async (token: string) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    const response = await send({ ...init, headers });
    return { response, fault: faultOf(response.status, readChallenge(response.headers, url).error) };
  };
  let token = await settleOrAbort(tokens.token(), patience);
  let isRenewed = false;
  let { response, fault } = await sendWith(token);
  if (fault === 'token') {
    const next = await settleOrAbort(tokens.after(token), patience);
    if (next !== null) {
      await response.body?.cancel();
      token = next;
      isRenewed = true;
      ({ response, fault } = await sendWith(token));
      if (fault === 'token') await tokens.renewedInVain(token);
    }
  }
  const { error, scope } = readChallenge(response.headers, url);
  const isForOneItem = fault === 'token' && error !== 'invalid_token' && isAboutOneItem(init);
  if (fault === null || isForOneItem) return response;
  await response.body?.cancel();
  throw await (fault === 'token' ? tokens.refuse(token, isRenewed) : tokens.wantMore(token, scope));
}

/** What is wrong with the sign-in, by the server's response: its token, or the scopes of it (RFC 6750, section 3.1). */
function faultOf(status: number, error: string | null): 'token' | 'scope' | null {
  if (status !== 401 && status !== 403) return null;
  if (error === 'insufficient_scope') return 'scope';
  return status === 401 || error === 'invalid_token' ? 'token' : null;
}

const Message = z.looseObject({ method: z.string() });
/** Requests for one tool, prompt or resource, which may be closed to somebody who may use the server. */
const ITEM_METHODS: ReadonlySet<string> = new Set([
  'tools/call',
  'prompts/get',
  'resources/read',
  'resources/subscribe',
]);

/** Whether a request is about less than the whole server, such as one tool, or the stream of an open session. */
function isAboutOneItem({ method, headers, body }: RequestInit): boolean {
  // The old SSE transport begins with a GET, before a version is negotiated.
  if (method !== 'POST') return new Headers(headers).has('mcp-protocol-version');
  try {
    const { data } = Message.safeParse(JSON.parse(body as string));
    return data !== undefined && ITEM_METHODS.has(data.method);
  } catch {
    return false;
  }
}
