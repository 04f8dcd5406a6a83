/** What an HTTP error status and the server's words mean. Pure; `refused-answer` reads the body. */
import { AppError, describeError, type ErrorCode } from '../../contract/errors.ts';
import { REJECTED_CREDENTIAL } from './error-groups.ts';
import { endSentence } from './reason.ts';

export interface Refusal {
  status: number;
  /** The server's own words (see `reasonOf`). */
  reason: string | null;
  /** All of what it sent: an error page may name the reason only in its text. */
  body?: string;
  /** How long the server asked us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** Wordings of Playwright MCP, of the SDKs for Rust, Python, Go and TypeScript, and of Django, Rails and Vite. */
const HOST_REJECTED = [
  /\b(?:invalid|blocked|disallowed|missing|untrusted|unknown|forbidden)\s*(?:http_?)?hosts?(?:name)?\b/i,
  /\bhosts?(?:name)?\b(?:\s+header)?\W.{0,60}?\b(?:not|isn't)\s+(?:allowed|permitted|trusted|recognized)\b/i,
  /\bonly allowed at\b/i,
  /\ballowed[_ ]?hosts\b/i,
  /\bdns[- ]rebinding\b/i,
];
/** A page that rejects a host does so near its beginning. */
const MAX_HOST_TEXT = 4_000;
/** Statuses with which a server rejects the `Host` header. */
const HOST_STATUSES: ReadonlySet<number> = new Set([400, 403, 421]);

/** Whether a server's words are about the host name of its own address. */
export function rejectsHost(text: string): boolean {
  return HOST_REJECTED.some((words) => words.test(text.slice(0, MAX_HOST_TEXT)));
}

/** What an HTTP status means for a request to an MCP endpoint. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404 || status === 410) return 'not_found';
  if (status === 421) return 'host_rejected';
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'server_error';
  if (status >= 400) return 'request_rejected';
  return status >= 300 ? 'redirected' : 'not_mcp';
}

/** The error for a rejected request; its message includes the server's words. */
export function refusalError({ status, reason, body, retryAfterMs, cause }: Refusal): AppError {
  const isHost = HOST_STATUSES.has(status) && rejectsHost(body ?? reason ?? '');
  const code = isHost ? 'host_rejected' : codeOfStatus(status);
  return saidError(code, reason, { retryAfterMs, cause, ...(code === 'request_rejected' && { status }) });
}

/**
 * An error with the general sentence for its code and the server's words.
 * @param more.status shown in the message, for codes that stand for several statuses
 */
export function saidError(
  code: ErrorCode,
  said: string | null,
  more: { retryAfterMs?: number | undefined; status?: number; cause?: unknown } = {},
): AppError {
  const general = describeError(code).message;
  const sentence = more.status ? general.replace(/\.$/, ` (HTTP ${more.status}).`) : general;
  const message = said ? `${sentence} It said: ${endSentence(said)}` : sentence;
  return new AppError(code, { message, said, retryAfterMs: more.retryAfterMs, cause: more.cause });
}

const SESSION = '(?:mcp[- ]?)?session(?:[-_ ]?id)?';
const REJECTED = '(?:not found|not valid|invalid|unknown|unrecognized|expired|terminated|closed|required|missing|not initialized|does not exist|doesn.t exist|no longer exists)'; // prettier-ignore
/** A sentence about the session, which may begin with the name of the status. */
const ABOUT_SESSION = new RegExp(
  `^(?:[a-z ]{3,25}: *)?(?:(?:no valid|no active|no|invalid or missing|missing or invalid|invalid|unknown|unrecognized|missing|expired) ${SESSION}\\b|(?:the )?${SESSION}\\b.{0,40}\\b${REJECTED}\\b|(?:the )?server (?:is )?not (?:yet )?initialized\\b)`,
  'i',
);
/** The same anywhere in the text, for errors that don't carry the id of the request. */
const NAMES_SESSION = new RegExp(
  `\\b${SESSION}\\b.*\\b${REJECTED}\\b|\\b(?:no valid|no active|no|invalid|unknown|unrecognized|missing|expired|stale)\\b.{0,30}\\bsession|\\bnot initialized\\b|\\bexpect(?:ed)? initialize\\b`,
  'i',
);

/** Whether a server's words are about a session that it doesn't know, and about nothing else. */
export function speaksOfSession(words: string | null): boolean {
  return ABOUT_SESSION.test(words ?? '');
}

/**
 * Whether a call may have failed for a reason that any request would fail for: a tool list shows it. An unknown session
 * in a JSON-RPC error may be one of the tool's own.
 */
export function mayRejectEveryRequest({ code, said }: AppError): boolean {
  if (REJECTED_CREDENTIAL.has(code) || code === 'request_rejected') return true;
  return code === 'call_rejected' && speaksOfSession(said);
}

/** A 404 with no more than these words says nothing of its own. */
const NOT_FOUND = /^(?:http )?(?:404:? *)?(?:page |resource )?not found\b.?$/i;

/**
 * Whether a server rejected a request because it doesn't know the session. The specification and the SDKs for TypeScript,
 * Python, Go, Java and C# use 404; most servers in TypeScript send 400 with "No valid session ID provided", and older
 * ones in Rust 401 with "Session not found".
 * @param about.isResponse whether the body is a JSON-RPC response with the id of the request: then only its words count
 * In response to a call, a 404 in other words is about what the call asked for: nobody knows whether it ran.
 */
export function isSessionRefusal(
  { status, reason }: Pick<Refusal, 'status' | 'reason'>,
  { method, isResponse }: { method: string; isResponse: boolean },
): boolean {
  if (method === 'initialize' || method === 'server/discover' || status < 400) return false;
  if (isResponse) return speaksOfSession(reason);
  // A ping may just be unsupported. A list without arguments has nothing else to be rejected for.
  const isAnswer = method === 'tools/call' && reason !== null && !NOT_FOUND.test(reason);
  const isUnknown = status === 404 && method !== 'ping' && !isAnswer;
  const isBare = status === 400 && method === 'tools/list' && reason === null;
  return isUnknown || isBare || NAMES_SESSION.test(reason ?? '');
}
