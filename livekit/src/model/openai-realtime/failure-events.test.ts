import { describe, expect, it } from 'vitest';
import type { ModelFailureKind } from '../model-failure.ts';
import {
  type ModelErrorBody,
  closedConnection,
  failedDial,
  failedEvent,
  failedResponse,
  rateLimitWaitMs,
} from './failure-events.ts';

const bodyOf = (error: ModelErrorBody) => JSON.stringify({ error });

describe('an answer over HTTP in the place of a connection', () => {
  it.each<[number, ModelErrorBody, ModelFailureKind]>([
    [401, { code: 'invalid_api_key' }, 'key_rejected'],
    [401, {}, 'key_rejected'],
    [403, { code: 'unsupported_country_region_territory' }, 'key_rejected'],
    [403, { code: 'model_not_found' }, 'model_not_found'],
    [404, { code: 'model_not_found' }, 'model_not_found'],
    [404, {}, 'model_not_found'],
    [400, { code: 'invalid_model' }, 'model_not_found'],
    [400, { type: 'invalid_request_error' }, 'settings_rejected'],
    [429, { code: 'insufficient_quota' }, 'quota_exhausted'],
    [429, { type: 'insufficient_quota', code: null }, 'quota_exhausted'],
    [429, { code: 'rate_limit_exceeded' }, 'rate_limited'],
    [429, {}, 'rate_limited'],
    [408, {}, 'connection_lost'],
    [500, { type: 'server_error' }, 'server_error'],
    [503, {}, 'server_error'],
    [200, {}, 'connection_lost'],
  ])('%i with %j is %s', (status, error, kind) => {
    expect(failedDial(status, bodyOf(error))).toMatchObject({ kind, facts: { status } });
  });

  it('says how long to wait', () => {
    expect(failedDial(429, '', '7')).toMatchObject({ kind: 'rate_limited', retryAfterMs: 7_000 });
    expect(failedDial(503, 'Bad Gateway').retryAfterMs).toBeUndefined();
  });

  it('leaves the message out, which may hold a part of the key', () => {
    const failure = failedDial(401, bodyOf({ code: 'invalid_api_key', message: 'Incorrect key: sk-1***9' }));
    expect(JSON.stringify(failure)).not.toContain('sk-1');
  });
});

describe('the end of a connection', () => {
  it.each<[number, string, ModelFailureKind]>([
    [3000, 'invalid_request_error.invalid_api_key', 'key_rejected'],
    [3000, 'insufficient_quota', 'quota_exhausted'],
    [4004, 'model_not_found', 'model_not_found'],
    [4000, 'billing_hard_limit_reached', 'quota_exhausted'],
    [3000, 'invalid_request_error', 'connection_lost'],
    [4999, '', 'connection_lost'],
    [1001, 'session_expired', 'connection_lost'],
    [1006, '', 'connection_lost'],
    [1011, 'server_error', 'server_error'],
  ])('with %i and "%s" is %s', (code, reason, kind) => {
    expect(closedConnection(code, reason)).toEqual({
      kind,
      facts: { close_code: code, close_reason: reason },
    });
  });
});

describe('an error event', () => {
  it.each<[ModelErrorBody, ModelFailureKind]>([
    [{ code: 'model_not_found' }, 'model_not_found'],
    [{ code: 'invalid_api_key', message: 'Incorrect key: sk-1***9' }, 'key_rejected'],
    [{ type: 'insufficient_quota' }, 'quota_exhausted'],
    [{ code: 'rate_limit_exceeded' }, 'rate_limited'],
    [{ type: 'server_error', code: null }, 'server_error'],
  ])('%j speaks for itself, whatever it answers', (error, kind) => {
    for (const answers of ['settings', 'response', 'other'] as const)
      expect(failedEvent(error, answers)).toMatchObject({ kind });
    expect(JSON.stringify(failedEvent(error, 'other'))).not.toContain('sk-1');
  });

  it('of another kind is a failure where it answers settings or a request', () => {
    const error = {
      type: 'invalid_request_error',
      code: 'invalid_value',
      param: 'session.audio.output.voice',
    };
    const facts = { ...error, message: 'no such voice' };
    expect(failedEvent({ ...error, message: 'no such voice' }, 'settings')).toEqual({
      kind: 'settings_rejected',
      facts,
    });
    expect(failedEvent(error, 'response')).toMatchObject({ kind: 'request_rejected' });
    expect(failedEvent(error, 'other')).toBeNull();
  });

  it('about an answer that is still given is no failure', () => {
    expect(failedEvent({ code: 'conversation_already_has_active_response' }, 'response')).toBeNull();
  });
});

describe('a response', () => {
  const failed = (error: ModelErrorBody | null) =>
    failedResponse({ status: 'failed', status_details: { type: 'failed', error } });

  it.each<[ModelErrorBody | null, ModelFailureKind]>([
    [{ code: 'model_not_found' }, 'model_not_found'],
    [{ code: 'insufficient_quota' }, 'quota_exhausted'],
    [{ type: 'tokens', code: 'rate_limit_exceeded' }, 'rate_limited'],
    [{ type: 'server_error' }, 'server_error'],
    [{ code: 'something_new' }, 'server_error'],
    [null, 'server_error'],
  ])('that failed with %j is %s', (error, kind) => {
    expect(failed(error)).toMatchObject({ kind });
  });

  it.each([
    ['Rate limit reached. Please try again in 1.2s. Visit …', 1_200],
    ['Please try again in 350ms.', 350],
    ['Please try again in 1m30s.', 90_000],
    ['Please try again in 2m.', 120_000],
    ['Rate limit reached.', undefined],
  ])('that failed with "%s" is to be tried again in %s ms', (message, ms) => {
    expect(failed({ code: 'rate_limit_exceeded', message })?.retryAfterMs).toBe(ms);
  });

  it('that the content filter cut is a failure; one that was cancelled or grew too long is none', () => {
    const incomplete = (reason: string) =>
      failedResponse({ status: 'incomplete', status_details: { type: 'incomplete', reason } });
    expect(incomplete('content_filter')).toMatchObject({ kind: 'filtered' });
    expect(incomplete('max_output_tokens')).toBeNull();
    expect(failedResponse({ status: 'incomplete' }, true)).toMatchObject({ kind: 'empty_answer' });
    expect(failedResponse({ status: 'cancelled', status_details: { reason: 'turn_detected' } })).toBeNull();
    expect(failedResponse({ status: 'completed', status_details: null })).toBeNull();
  });
});

it('the wait for rate limits is that of the slowest one that is used up', () => {
  const limits = [
    { remaining: 0, reset_seconds: 1.5 },
    { remaining: 0, reset_seconds: 3 },
    { remaining: 20, reset_seconds: 60 },
  ];
  expect(rateLimitWaitMs(limits)).toBe(3_000);
  expect(rateLimitWaitMs(limits.slice(2))).toBe(0);
  expect(rateLimitWaitMs([])).toBe(0);
});
