/** The groups of error codes that the engine acts on, read off the error table where they follow from it. */
import { codesAbout, type ErrorCode } from '../../contract/errors.ts';

type Codes = ReadonlySet<ErrorCode>;

/** The address policy allows no request. */
export const REJECTED_ADDRESS: Codes = new Set(['invalid_url', 'blocked_address']);
export const REJECTED_CREDENTIAL: Codes = new Set(['unauthorized', 'forbidden']);

/** No connection was made, so the server received nothing. */
export const NO_CONNECTION: Codes = new Set([
  ...REJECTED_ADDRESS,
  ...codesAbout('network').filter((code) => code !== 'timeout' && code !== 'connection_lost'),
]);

/** The request was certainly not executed, and a new session may help. */
export const NOT_EXECUTED: Codes = new Set([
  'session_lost',
  'session_rejected',
  'connection_refused',
  'dns_failed',
]);

/** The MCP session is over for every call in it. */
export const SESSION_OVER: Codes = new Set([
  ...NO_CONNECTION,
  'session_lost',
  'session_rejected',
  'connection_lost',
]);

/** A tool list that fails with one of these ends its session. */
export const LIST_ENDS_SESSION: Codes = new Set([...SESSION_OVER, ...REJECTED_CREDENTIAL]);

/** A ping that fails with one of these can't be distinguished from a server that is down. */
export const PING_FAILS_OFFLINE: Codes = new Set([
  ...codesAbout('network'),
  'blocked_address',
  'unauthorized',
  'sign_in_required',
]);

/** Any request would fail with these, whatever it asks for. */
export const REJECTS_EVERY_REQUEST: Codes = new Set([
  ...codesAbout('credential'),
  'host_rejected',
  'rate_limited',
]);

/** What a server that only speaks the old SSE transport responds to a POST. */
export const MAY_BE_OLD_SSE: Codes = new Set(['not_mcp', 'not_found', 'request_rejected']);

/** What a server that doesn't know a request responds; an earlier failure may say more. */
export const UNKNOWN_REQUEST: Codes = new Set([...MAY_BE_OLD_SSE, 'protocol_error']);

/** Another handshake would fail in the same way: the server wasn't reached, or it said when to come back. */
export const ENDS_HANDSHAKES: Codes = new Set([
  ...NO_CONNECTION,
  ...codesAbout('credential').filter((code) => !REJECTED_CREDENTIAL.has(code)),
  'host_rejected',
  'redirected',
  'redirect_loop',
  'rate_limited',
  'host_busy',
  'cancelled',
]);
