import { describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../contract/errors.ts';
import {
  firstAttempt,
  keepsRoute,
  nextAttempt,
  tellingError,
  type Asked,
  type Attempt,
  type FailedAttempt,
} from './attempts.ts';
import { SESSION_VERSIONS, STATELESS_VERSION } from '../session/protocol-versions.ts';

const AUTO: Asked = { transport: 'auto', protocolEra: 'auto', route: undefined, hasCredential: false };
const PROBE: Attempt = { transport: 'streamable_http', era: 'probe' };
const SESSIONS: Attempt = { transport: 'streamable_http', era: 'legacy' };
const STATELESS: Attempt = { transport: 'streamable_http', era: 'modern' };
const SSE: Attempt = { transport: 'sse', era: 'legacy' };
const OLDEST = SESSION_VERSIONS.at(-1) ?? '';

const fail = (attempt: Attempt, code: ErrorCode, more: Partial<FailedAttempt> = {}): FailedAttempt => ({
  attempt,
  error: new AppError(code),
  lastMethod: attempt.era === 'legacy' ? 'initialize' : 'server/discover',
  rejection: null,
  isSseServer: false,
  ...more,
});

describe('the first handshake', () => {
  it.each<[string, Partial<Asked>, Attempt]>([
    ['finds the era out', {}, PROBE],
    ['uses the remembered route', { route: { transport: 'sse', era: 'legacy' } }, SSE],
    ['keeps to pinned sessions', { protocolEra: 'sessions' }, SESSIONS],
    ['keeps to the pinned stateless era', { protocolEra: 'stateless' }, STATELESS],
    [
      'does not take a route of an era that was pinned away',
      { protocolEra: 'stateless', route: { transport: 'streamable_http', era: 'legacy' } },
      STATELESS,
    ],
    ['is the old SSE when that was chosen', { transport: 'sse' }, SSE],
  ])('%s', (_what, asked, expected) => {
    expect(firstAttempt({ ...AUTO, ...asked })).toEqual(expected);
  });
});

describe('after a probe that failed', () => {
  it.each<ErrorCode>([
    'server_error',
    'not_mcp',
    'not_found',
    'protocol_error',
    'connection_lost',
    'timeout',
    'forbidden',
    'response_too_large',
    'unauthorized',
    'invalid_arguments',
    'internal',
  ])('with %s, initialize is tried', (code) => {
    expect(nextAttempt([fail(PROBE, code)], AUTO)).toEqual(SESSIONS);
  });

  it.each<ErrorCode>(['connection_refused', 'dns_failed', 'unreachable', 'tls_failed', 'rate_limited'])(
    'with %s, nothing is',
    (code) => {
      expect(nextAttempt([fail(PROBE, code)], AUTO)).toBeNull();
    },
  );

  it('with a time to wait, or with a refused credential, nothing is', () => {
    const busy = fail(PROBE, 'server_error', {
      error: new AppError('server_error', { retryAfterMs: 5_000 }),
    });
    expect(nextAttempt([busy], AUTO)).toBeNull();
    expect(nextAttempt([fail(PROBE, 'unauthorized')], { ...AUTO, hasCredential: true })).toBeNull();
  });
});

describe('after initialize failed', () => {
  it('a server that may be an old one is asked for the old SSE, once', () => {
    const failed = [fail(PROBE, 'not_mcp'), fail(SESSIONS, 'not_found')];
    expect(nextAttempt(failed, AUTO)).toEqual(SSE);
    expect(nextAttempt([...failed, fail(SSE, 'not_mcp')], AUTO)).toBeNull();
    expect(nextAttempt(failed, { ...AUTO, transport: 'streamable_http' })).toBeNull();
  });

  it('a server that was too slow for the probe is probed once more', () => {
    const failed = [fail(PROBE, 'timeout'), fail(SESSIONS, 'server_error')];
    expect(nextAttempt(failed, AUTO)).toEqual(STATELESS);
    expect(nextAttempt([...failed, fail(STATELESS, 'server_error')], AUTO)).toBeNull();
    expect(nextAttempt([fail(PROBE, 'timeout'), fail(SESSIONS, 'timeout')], AUTO)).toBeNull();
  });

  it.each<[string, string[], Partial<Asked>, Attempt | null]>([
    ['the newest common version', ['2025-03-26', '2024-11-05'], {}, { ...SESSIONS, version: '2025-03-26' }],
    ['the stateless one', [STATELESS_VERSION], {}, STATELESS],
    ['not the stateless one against the pin', [STATELESS_VERSION], { protocolEra: 'sessions' }, null],
    ['nothing of versions that we do not speak', ['2031-01-01'], {}, null],
    ['the next older one when none is named', [], {}, { ...SESSIONS, version: SESSION_VERSIONS[1] ?? '' }],
  ])('for its version: %s is offered', (_what, speaks, asked, expected) => {
    const rejected = fail(SESSIONS, 'server_error', { rejection: { speaks } });
    expect(nextAttempt([rejected], { ...AUTO, ...asked })).toEqual(expected);
  });

  it('for each of its versions in turn, it ends with the oldest', () => {
    const failed: FailedAttempt[] = [];
    for (let attempt: Attempt | null = SESSIONS; attempt; attempt = nextAttempt(failed, AUTO))
      failed.push(fail(attempt, 'not_mcp', { rejection: { speaks: [] } }));
    expect(failed.map(({ attempt }) => attempt.version ?? SESSION_VERSIONS[0])).toEqual(
      expect.arrayContaining([...SESSION_VERSIONS]),
    );
    expect(failed.filter(({ attempt }) => attempt.version === OLDEST)).toHaveLength(1);
  });
});

describe('the error that is shown', () => {
  it.each<[string, FailedAttempt[], ErrorCode]>([
    [
      'the failure of the newest guess, for an older server',
      [fail(PROBE, 'not_mcp'), fail(SESSIONS, 'server_error')],
      'server_error',
    ],
    [
      'the failure of the probe, when initialize is unknown',
      [fail(PROBE, 'server_error'), fail(SESSIONS, 'not_found')],
      'server_error',
    ],
    [
      'the first one, when the old SSE was a guess',
      [fail(PROBE, 'not_found'), fail(SSE, 'server_error')],
      'not_found',
    ],
    [
      'that of the old SSE, when the server is one',
      [fail(PROBE, 'not_found'), fail(SSE, 'protocol_error', { isSseServer: true })],
      'protocol_error',
    ],
    ['a refusal by the old SSE', [fail(PROBE, 'not_found'), fail(SSE, 'unauthorized')], 'unauthorized'],
    [
      'the versions, when none is common',
      [fail(SESSIONS, 'not_mcp', { rejection: { speaks: ['2031-01-01'] } })],
      'unsupported_version',
    ],
  ])('is %s', (_what, failed, code) => {
    expect(tellingError(failed, AUTO)?.code).toBe(code);
  });
});

it('a route is kept through what says nothing about it', () => {
  expect(keepsRoute(new AppError('connection_refused'))).toBe(true);
  expect(keepsRoute(new AppError('server_error', { retryAfterMs: 1 }))).toBe(true);
  expect(keepsRoute(new AppError('not_mcp'))).toBe(false);
  expect(keepsRoute(new AppError('unsupported_version'))).toBe(false);
});
