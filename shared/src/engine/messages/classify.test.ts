import {
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { classify, classifyCall } from './classify.ts';

const system = (code: string) => Object.assign(new Error('words do not matter'), { code });
const named = (name: string) => Object.assign(new Error('words do not matter'), { name });
const http = (status: number) =>
  new SdkHttpError(SdkErrorCode.ClientHttpNotImplemented, 'words do not matter', { status });

describe('classify', () => {
  it.each<[string, unknown, string]>([
    ['a refused connection', system('ECONNREFUSED'), 'connection_refused'],
    ['one of several addresses', new AggregateError([system('EHOSTUNREACH')]), 'unreachable'],
    ['an unknown name', system('ENOTFOUND'), 'dns_failed'],
    ['a cut socket', system('UND_ERR_SOCKET'), 'connection_lost'],
    ['a bad certificate', system('DEPTH_ZERO_SELF_SIGNED_CERT'), 'tls_failed'],
    ['a failed handshake', system('ERR_SSL_WRONG_VERSION_NUMBER'), 'tls_failed'],
    ['a certificate that Deno refuses', named('InvalidData'), 'tls_failed'],
    ['a TLS connection that Deno lost', named('UnexpectedEof'), 'connection_lost'],
    ['HTTP 401', http(401), 'unauthorized'],
    ['a refused sign-in', new UnauthorizedError(), 'unauthorized'],
    ['HTTP 502', http(502), 'server_error'],
    ['a timeout of the SDK', new SdkError(SdkErrorCode.RequestTimeout, ''), 'timeout'],
    ['an abort', new DOMException('', 'AbortError'), 'cancelled'],
    ['parameters of ours that do not fit', new ProtocolError(-32_602, 'bad'), 'server_error'],
    ['another JSON-RPC error', new ProtocolError(-32_603, 'bad'), 'server_error'],
    ['no JSON', new SyntaxError(), 'protocol_error'],
    ['what nobody foresaw', new Error('ECONNREFUSED in words only'), 'internal'],
    ['what is no error at all', 'oops', 'internal'],
  ])('%s', (_what, error, code) => {
    expect(classify(error).code).toBe(code);
  });

  it('looks behind the failed handshake', () => {
    const cause = new TypeError('fetch failed', { cause: system('ECONNREFUSED') });
    const error = new SdkError(SdkErrorCode.EraNegotiationFailed, 'probe failed', { cause }, { cause });
    expect(classify(error).code).toBe('connection_refused');
  });

  it('lets our own errors through as they are, however deep', () => {
    const own = new AppError('blocked_address');
    expect(classify(new TypeError('fetch failed', { cause: own }))).toBe(own);
    expect(classify(new ProtocolError(-32_099, 'lost', own))).toBe(own);
  });

  it('passes on why a server refused a request', () => {
    const data = { status: 403, text: '{"error":{"message":"Forbidden: Host header is not allowed"}}' };
    const error = classify(new SdkHttpError(SdkErrorCode.ClientHttpForbidden, '', data));
    expect(error).toMatchObject({ code: 'host_rejected', said: 'Forbidden: Host header is not allowed' });
  });

  it('takes an error in the protocol for the answer to a call, and any other for what it is', () => {
    expect(classifyCall(new ProtocolError(-32_603, 'Disk full'))).toMatchObject({
      code: 'call_rejected',
      message: 'The server responded: Disk full.',
    });
    expect(classifyCall(new ProtocolError(-32_602, 'bad')).code).toBe('invalid_arguments');
    expect(classifyCall(http(500)).code).toBe('server_error');
  });

  it('passes on the words of a server, but not a flood of them', () => {
    expect(classify(new ProtocolError(-32_603, 'The disk is full.')).message).toBe(
      'The server responded: The disk is full.',
    );
    expect(classify(new ProtocolError(-32_603, 'x'.repeat(10_000))).message.length).toBeLessThan(400);
  });
});
