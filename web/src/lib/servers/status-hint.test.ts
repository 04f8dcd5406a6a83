import { ServerStatusHint } from '@patchbay/shared/contract/schema/hints';
import { describe, expect, it } from 'vitest';
import { readStatusHint } from './status-hint.ts';

const status = {
  connection_status: 'error',
  error_code: 'connection_refused',
  error_message: null,
  latency_ms: null,
  tool_count: 3,
  status_observed_at: '2026-11-22T12:00:01.5+00:00',
  consecutive_failures: 2,
} as const;
const payload = { server_id: '1', ...status };
const known = { status_observed_at: '2026-11-22T12:00:00+00:00' };

describe('readStatusHint', () => {
  it('returns the fields of the coming row', () => {
    expect(ServerStatusHint.safeParse(payload).success).toBe(true);
    expect(readStatusHint(payload, known)).toEqual(status);
    expect(readStatusHint(payload, { status_observed_at: null })).toEqual(status);
  });

  it('ignores a hint that is not newer', () => {
    expect(readStatusHint(payload, { status_observed_at: payload.status_observed_at })).toBeNull();
    expect(readStatusHint(payload, { status_observed_at: '2026-11-22T12:00:02+00:00' })).toBeNull();
    expect(readStatusHint({ ...payload, status_observed_at: null }, known)).toBeNull();
  });

  it.each([
    { connection_status: 'exploded' },
    { error_code: 'unheard_of' },
    { error_message: 7 },
    { latency_ms: '4' },
    { tool_count: {} },
    { consecutive_failures: null },
  ])('leaves out %o', (broken) => {
    expect(readStatusHint({ ...payload, ...broken }, known)).toBeNull();
  });
});
