import type { AppError, ErrorCode } from '../../contract/errors.ts';
import { speaksOfSession } from '../messages/refusal.ts';

/** The session is over for every call on it. */
export const GONE: ReadonlySet<ErrorCode> = new Set([
  'session_lost',
  'session_rejected',
  'connection_lost',
  'connection_refused',
  'unreachable',
  'dns_failed',
  'tls_failed',
  'blocked_address',
]);

/** A list that ends so ends the session with it. */
export const ENDS_SESSION: ReadonlySet<ErrorCode> = new Set([...GONE, 'unauthorized', 'forbidden']);

const CONCERNS_ALL: ReadonlySet<ErrorCode> = new Set(['unauthorized', 'forbidden', 'request_rejected']);

/**
 * Whether a call that is refused so was refused for itself, or would any request be: a list of the tools shows. An
 * unknown session in a JSON-RPC error may be one of the tool's own.
 */
export function mayConcernAll({ code, said }: AppError): boolean {
  return CONCERNS_ALL.has(code) || (code === 'call_rejected' && speaksOfSession(said));
}
