/** Turns whatever a request to a server threw into one of our codes. The only place that looks into foreign errors. */
import {
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  SseError,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { AppError, type ErrorCode } from '../../contract/errors.ts';
import { isDecoderError } from '../http/decompress.ts';
import { endSentence, oneLine, reasonOf } from './reason.ts';
import { codeOfStatus, refusalError, saidError, speaksOfSession } from './refusal.ts';

/** Codes of system, undici and TLS errors. Node, undici and Deno share these names. */
const NETWORK_CODES: Record<string, ErrorCode> = {
  ECONNREFUSED: 'connection_refused',
  ENOTFOUND: 'dns_failed',
  EAI_AGAIN: 'dns_failed',
  EAI_NODATA: 'dns_failed',
  EAI_FAIL: 'dns_failed',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'unreachable',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  UND_ERR_SOCKET: 'connection_lost',
  UND_ERR_DESTROYED: 'connection_lost',
  UND_ERR_CLOSED: 'connection_lost',
  UND_ERR_RESPONSE_EXCEEDED_MAX_SIZE: 'response_too_large',
  EPROTO: 'tls_failed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_failed',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_failed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_failed',
  UNABLE_TO_GET_ISSUER_CERT: 'tls_failed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_failed',
  HOSTNAME_MISMATCH: 'tls_failed',
};
/** Names of errors that have no code: of the JSON parser, of schemas, of undici's HTTP parser, of signals, of TLS. */
const NAMES: Record<string, ErrorCode> = {
  SyntaxError: 'protocol_error',
  ZodError: 'protocol_error',
  HTTPParserError: 'protocol_error',
  TimeoutError: 'timeout',
  AbortError: 'cancelled',
  // What rustls reports through the hosted Deno version: a bad certificate or handshake, and an end without goodbye.
  InvalidData: 'tls_failed',
  UnexpectedEof: 'connection_lost',
};
const NOT_HTTP = "What answers at this address doesn't speak HTTP/1.1.";
const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|CERT_)/;

/** JSON-RPC; tools answer so when their arguments do not fit. */
const INVALID_PARAMS = -32_602;

/**
 * The AppError for anything thrown by a request. An AppError anywhere in the chain of causes wins,
 * then system codes, then what the SDK says about itself.
 */
export function classify(error: unknown): AppError {
  const chain = [...causes(error)];
  const own = chain.find((link) => link instanceof AppError);
  if (own) return own;
  for (const link of chain) {
    if (link instanceof SdkHttpError)
      return refusalError({ status: link.status, reason: reasonOf(textOf(link)), cause: error });
    const code = codeOf(link);
    if (code) return new AppError(code, { cause: error, ...messageOf(link) });
  }
  return new AppError('internal', { cause: error });
}

/** Whether this is a JSON-RPC error of the server, and not one that we gave in its place. */
export function isAnswer(error: unknown): error is ProtocolError {
  return error instanceof ProtocolError && !(error.data instanceof AppError);
}

/** As `classify`, for a list, which has nothing to do with any session but that of the connection. */
export function classifyList(error: unknown): AppError {
  const known = classify(error);
  const isLost = isAnswer(error) && speaksOfSession(known.said);
  return isLost ? saidError('session_lost', known.said, { cause: error }) : known;
}

/** As `classify`, for a tool call: a JSON-RPC error is the server's answer to it, not a failure of the server. */
export function classifyCall(error: unknown): AppError {
  const known = classify(error);
  if (known.code !== 'server_error' || !isAnswer(error)) return known;
  const code = error.code === INVALID_PARAMS ? 'invalid_arguments' : 'call_rejected';
  return new AppError(code, { cause: error, ...messageOf(error) });
}

function textOf({ data }: SdkHttpError): string {
  return typeof data.text === 'string' ? data.text : '';
}

function codeOf(error: unknown): ErrorCode | null {
  if (error instanceof UnauthorizedError) return 'unauthorized';
  if (error instanceof SseError)
    return error.code === undefined ? 'connection_lost' : codeOfStatus(error.code);
  if (error instanceof ProtocolError) return 'server_error';
  const system = systemCode(error);
  if (system) return system;
  if (error instanceof SdkError) return codeOfSdk(error);
  return error instanceof Error && Object.hasOwn(NAMES, error.name) ? (NAMES[error.name] ?? null) : null;
}

function codeOfSdk(error: SdkError): ErrorCode | null {
  switch (error.code) {
    case SdkErrorCode.RequestTimeout:
      return 'timeout';
    case SdkErrorCode.ConnectionClosed:
    case SdkErrorCode.NotConnected:
    case SdkErrorCode.SendFailed:
      return 'connection_lost';
    case SdkErrorCode.ClientHttpUnexpectedContent:
      return 'not_mcp';
    case SdkErrorCode.EraNegotiationFailed:
      // Says only that the handshake failed; the cause, next in the chain, says why.
      return error.cause === undefined ? 'protocol_error' : null;
    default:
      return 'protocol_error';
  }
}

function systemCode(error: unknown): ErrorCode | null {
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'string')
    return null;
  if (TLS_CODE.test(error.code)) return 'tls_failed';
  if (isDecoderError(error)) return 'unreadable_compression';
  return Object.hasOwn(NETWORK_CODES, error.code) ? (NETWORK_CODES[error.code] ?? null) : null;
}

/** A JSON-RPC error carries words of the server that help more than our general sentence. */
function messageOf(error: unknown): { message?: string; said?: string | null } {
  if (error instanceof Error && error.name === 'HTTPParserError') return { message: NOT_HTTP };
  const said = error instanceof ProtocolError ? oneLine(error.message) : null;
  return said ? { message: `The server responded: ${endSentence(said)}`, said } : {};
}

/** The error and its causes, the outermost first; of several connection attempts in one error, each. */
function* causes(error: unknown): Generator<unknown> {
  let link = error;
  for (let depth = 0; depth < 8 && link !== undefined && link !== null; depth += 1) {
    yield link;
    if (link instanceof AggregateError) yield* link.errors;
    // What we answered ourselves in place of a server (see WatchedTransport).
    if (link instanceof ProtocolError) yield link.data;
    link = link instanceof Error ? link.cause : undefined;
  }
}
