import { describe, expect, it } from 'vitest';
import {
  AppError,
  codesAbout,
  describeError,
  ERROR_CODES,
  isAboutCredential,
  isErrorCode,
} from './errors.ts';

describe('errors', () => {
  it.each(ERROR_CODES)('%s has a message and a hint', (code) => {
    const { message, hint } = describeError(code);
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(hint).toMatch(/^[A-Z].*\.$/);
  });

  it('an AppError takes sentence and retryability from its code', () => {
    const error = new AppError('rate_limited', { retryAfterMs: 2_000 });
    expect(error).toMatchObject({ code: 'rate_limited', retryable: true, retryAfterMs: 2_000 });
    expect(error.message).toBe(describeError('rate_limited').message);
    expect(new AppError('unauthorized').retryable).toBe(false);
  });

  it('finds the codes about a subject', () => {
    expect(codesAbout('network').toSorted()).toEqual([
      'connection_lost',
      'connection_refused',
      'dns_failed',
      'timeout',
      'tls_failed',
      'unreachable',
    ]);
    expect(codesAbout('credential')).toEqual(ERROR_CODES.filter(isAboutCredential));
    expect(codesAbout('address', 'network', 'credential', 'protocol', 'tool', 'internal')).toEqual(
      ERROR_CODES,
    );
  });

  it('knows its own codes only', () => {
    expect(isErrorCode('timeout')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
    expect(isErrorCode(404)).toBe(false);
  });
});
