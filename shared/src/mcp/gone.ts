import type { ErrorCode } from '../errors.ts';

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
