import { ProtocolError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import {
  nextVersion,
  SESSION_VERSIONS,
  STATELESS_VERSION,
  unsupportedVersion,
  versionRejectionOf,
} from './protocol-versions.ts';

const NEWEST = '2025-11-25';
const http = (status: number, text: string) =>
  new SdkHttpError(SdkErrorCode.ClientHttpNotImplemented, 'failed', { status, text });
const rpc = (code: number, message: string, data?: unknown) => new ProtocolError(code, message, data);
const body = (error: unknown) => JSON.stringify({ jsonrpc: '2.0', id: null, error });

describe('a rejection of our version', () => {
  const both = ['2025-03-26', '2024-11-05'];
  it.each<[string, unknown, string[]]>([
    ['a list in data.supported', rpc(-32_602, 'no', { supported: ['2024-11-05', '2025-03-26'] }), both],
    ['data.supportedVersions', rpc(-32_602, 'no', { supportedVersions: both, requested: NEWEST }), both],
    ['data.supported_versions', rpc(-32_000, 'no', { supported_versions: both }), both],
    ['a list as text', rpc(-32_602, 'no', { supported: '2024-11-05, 2025-03-26' }), both],
    [
      'the message',
      rpc(-32_602, `Unsupported protocol version ${NEWEST}, use 2025-03-26 or 2024-11-05`),
      both,
    ],
    [
      'the code of the specification',
      rpc(-32_022, 'no', { supported: [STATELESS_VERSION] }),
      [STATELESS_VERSION],
    ],
    ['HTTP 400', http(400, body({ code: -32_602, message: 'no', data: { supported: both } })), both],
    [
      'HTTP 400 with text',
      http(400, 'Bad Request: Unsupported protocol version (supported versions: 2025-03-26, 2024-11-05)'),
      both,
    ],
    ['HTTP 422 with text', http(422, 'protocolVersion must be one of 2024-11-05'), ['2024-11-05']],
    [
      'a wrapped error',
      new AppError('server_error', { cause: rpc(-32_602, 'no', { supported: both }) }),
      both,
    ],
    ['no list at all', rpc(-32_602, 'Unsupported protocol version'), []],
    ['only our own version', rpc(-32_602, `Protocol version ${NEWEST} is not supported`), []],
  ])('is read from %s', (_what, error, speaks) => {
    expect(versionRejectionOf(error, NEWEST)).toEqual({ speaks });
  });

  it.each<[string, unknown]>([
    ['another invalid parameter', rpc(-32_602, 'clientInfo.name is missing')],
    ['an unknown method', rpc(-32_601, 'Method not found')],
    ['a page', http(404, 'The version 2024-11-05 of this page is gone')],
    ['a lost connection', new AppError('connection_lost')],
  ])('is not seen in %s', (_what, error) => {
    expect(versionRejectionOf(error, NEWEST)).toBeNull();
  });
});

describe('the version to offer next', () => {
  it('is the newest that both speak', () => {
    const speaks = ['2026-01-01', '2025-06-18', '2024-11-05'];
    expect(nextVersion({ speaks }, SESSION_VERSIONS, new Set([NEWEST]))).toBe('2025-06-18');
  });

  it('is the next older one of a server that names none', () => {
    expect(nextVersion({ speaks: [] }, SESSION_VERSIONS, new Set([NEWEST]))).toBe('2025-06-18');
  });

  it('is none when there is nothing in common, or all was tried', () => {
    expect(nextVersion({ speaks: ['2030-01-01'] }, SESSION_VERSIONS, new Set())).toBeNull();
    expect(nextVersion({ speaks: [] }, SESSION_VERSIONS, new Set(SESSION_VERSIONS))).toBeNull();
  });
});

it('a server with which nothing is in common is named with its versions', () => {
  const error = unsupportedVersion({ speaks: ['2030-01-01', '2029-01-01'] }, SESSION_VERSIONS);
  expect(error).toMatchObject({ code: 'unsupported_version' });
  expect(error.message).toContain('2030-01-01, 2029-01-01');
  expect(unsupportedVersion({ speaks: [] }, SESSION_VERSIONS).message).toContain(NEWEST);
});
