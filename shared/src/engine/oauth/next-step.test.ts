import { describe, expect, it } from 'vitest';
import { nextStep } from './next-step.ts';

const NOW = Date.parse('2026-11-27T12:00:00Z');

function grant(leftMs: number | null, rest: Partial<Parameters<typeof nextStep>[0] & object> = {}) {
  return {
    tokens: { access_token: 'access', token_type: 'Bearer', refresh_token: 'refresh', expires_in: 3600 },
    expires_at: leftMs === null ? null : new Date(NOW + leftMs).toISOString(),
    is_unattended: false,
    is_refused: false,
    renewed_ms_ago: null,
    vain_renewals: 0,
    retry_in_ms: null,
    lease_left_ms: null,
    ...rest,
  };
}
const withoutRefresh = { tokens: { access_token: 'access', token_type: 'Bearer', expires_in: 3600 } };

describe('nextStep', () => {
  it('uses a token that is good for long, and one of which nobody knows the end', () => {
    expect(nextStep(grant(600_000), null, NOW)).toEqual({ do: 'use' });
    expect(nextStep(grant(null), null, NOW)).toEqual({ do: 'use' });
  });

  it('refreshes ahead of the end: a minute, or the last fifth of a short life', () => {
    expect(nextStep(grant(59_000), null, NOW)).toEqual({ do: 'refresh' });
    const short = { tokens: { ...grant(0).tokens, expires_in: 10 } };
    expect(nextStep(grant(3_000, short), null, NOW)).toEqual({ do: 'use' });
    expect(nextStep(grant(1_900, short), null, NOW)).toEqual({ do: 'refresh' });
  });

  it('refreshes a token that was refused before its end, once it is the one that was refused', () => {
    expect(nextStep(grant(600_000), 'access', NOW)).toEqual({ do: 'refresh' });
    expect(nextStep(grant(600_000), 'the one before', NOW)).toEqual({ do: 'use' });
  });

  it('requests a new grant if no user is needed', () => {
    const unattended = { ...withoutRefresh, is_unattended: true };
    expect(nextStep(grant(-1, unattended), null, NOW)).toEqual({ do: 'refresh' });
    expect(nextStep(grant(600_000, unattended), 'access', NOW)).toEqual({ do: 'refresh' });
  });

  it('goes on with a token that still lives while somebody else refreshes, or nobody may', () => {
    expect(nextStep(grant(30_000, { lease_left_ms: 9_000 }), null, NOW)).toEqual({ do: 'use' });
    expect(nextStep(grant(30_000, { retry_in_ms: 9_000 }), null, NOW)).toEqual({ do: 'use' });
  });

  it('waits for the refresh of somebody else, and backs off where the last one failed', () => {
    expect(nextStep(grant(-1, { lease_left_ms: 9_000 }), null, NOW)).toEqual({ do: 'wait', ms: 9_000 });
    expect(nextStep(grant(-1, { retry_in_ms: 9_000 }), null, NOW)).toEqual({
      do: 'back_off',
      retryAfterMs: 9_000,
    });
  });

  it('asks for a sign-in when there is no grant, it was refused, or it has ended without a way to refresh', () => {
    expect(nextStep(null, null, NOW)).toEqual({ do: 'sign_in' });
    expect(nextStep(grant(600_000, { is_refused: true }), null, NOW)).toEqual({ do: 'sign_in' });
    expect(nextStep(grant(-1, withoutRefresh), null, NOW)).toEqual({ do: 'sign_in' });
    expect(nextStep(grant(1_000, withoutRefresh), null, NOW)).toEqual({ do: 'use' });
  });

  it('gives up on a token that was refused when there is no way to another', () => {
    expect(nextStep(grant(600_000, withoutRefresh), 'access', NOW)).toEqual({ do: 'give_up' });
  });

  it('uses a refreshed token at least once, whatever is said of its life', () => {
    expect(nextStep(grant(-5_000, { renewed_ms_ago: 10 }), null, NOW)).toEqual({ do: 'use' });
    expect(nextStep(grant(-5_000, { renewed_ms_ago: 1_000 }), null, NOW)).toEqual({ do: 'refresh' });
  });

  it('does not refresh again at once what the server refuses: the pause doubles, up to half a minute', () => {
    const pauses = [0, 1, 2, 5, 10].map((vain_renewals) => {
      const after = (ms: number) =>
        nextStep(grant(600_000, { vain_renewals, renewed_ms_ago: ms }), 'access', NOW).do;
      for (let ms = 500; ; ms += 500) if (after(ms) === 'refresh') return ms;
    });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 30_000, 30_000]);
  });

  it('does not hold that against a token that has ended', () => {
    const ended = { vain_renewals: 10, renewed_ms_ago: 5_000 };
    expect(nextStep(grant(-1, ended), 'access', NOW)).toEqual({ do: 'refresh' });
    expect(nextStep(grant(-1, ended), null, NOW)).toEqual({ do: 'refresh' });
  });
});
