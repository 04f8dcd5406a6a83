import { z } from 'zod';
import { AppError } from '../../contract/errors.ts';
import { readChallenge } from '../http/challenge.ts';
import { reasonOf } from '../messages/reason.ts';
import { isSessionRefusal } from '../messages/refusal.ts';
import { settleOrAbort } from '../session/settle-or-abort.ts';
import type { TokenSource } from '../session/target.ts';

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
    const { error } = readChallenge(response.headers, url);
    const fault = faultOf(response.status, error);
    const mayBeSession = fault === 'token' && error === null && headers.has('mcp-session-id');
    return mayBeSession ? readSessionRefusal(response, init) : { response, fault };
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
      if (fault === 'token') await tokens.reportIneffectiveRenewal(token);
    }
  }
  const { error, scope } = readChallenge(response.headers, url);
  const isForOneItem = fault === 'token' && error !== 'invalid_token' && isAboutOneItem(init);
  if (fault === null || isForOneItem) return response;
  await response.body?.cancel();
  // Whether the sign-in is over, the next handshake tells: a server may refuse a ping for its own reasons.
  if (fault === 'token' && error !== 'invalid_token' && methodOf(init) === 'ping')
    throw new AppError('server_error', { message: 'The server rejected a ping.' });
  throw await (fault === 'token' ? tokens.refuse(token, isRenewed) : tokens.wantMore(token, scope));
}

/** What is wrong with the sign-in, by the server's response: its token, or the scopes of it (RFC 6750, section 3.1). */
function faultOf(status: number, error: string | null): 'token' | 'scope' | null {
  if (status !== 401 && status !== 403) return null;
  if (error === 'insufficient_scope') return 'scope';
  return status === 401 || error === 'invalid_token' ? 'token' : null;
}

/** Some servers answer 401 when they don't know the session, which another token would not change. */
async function readSessionRefusal(
  response: Response,
  init: RequestInit,
): Promise<{ response: Response; fault: 'token' | null }> {
  const { status, headers } = response;
  const text = await response.text();
  const about = { method: methodOf(init) ?? '', isResponse: false };
  const isSession = isSessionRefusal({ status, reason: reasonOf(text) }, about);
  return { response: new Response(text, { status, headers }), fault: isSession ? null : 'token' };
}

const Message = z.looseObject({ method: z.string() });
/** Requests without which nothing of a server can be used. All others may be closed to somebody who may use the rest. */
const ESSENTIAL: ReadonlySet<string> = new Set(['initialize', 'server/discover', 'tools/list', 'ping']);

/** Whether a request is about less than the whole server, such as one tool, or the stream of an open session. */
function isAboutOneItem(init: RequestInit): boolean {
  // The old SSE transport begins with a GET, before a version is negotiated.
  if (init.method !== 'POST') return new Headers(init.headers).has('mcp-protocol-version');
  const method = methodOf(init);
  return method !== null && !ESSENTIAL.has(method);
}

/** The JSON-RPC method of a request; null when it is no single message. */
function methodOf({ body }: RequestInit): string | null {
  try {
    return Message.parse(JSON.parse(body as string)).method;
  } catch {
    return null;
  }
}
