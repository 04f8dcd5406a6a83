import { describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../contract/errors.ts';
import {
  begin,
  transition,
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
} from './machine.ts';

const AROUND = { now: 1_000_000, random: 0.5 };
type Loose = { type: ConnectionEvent['type']; code?: ErrorCode; now?: number };

/** Runs events of the current generation from the start. */
function run(...events: Loose[]): { state: ConnectionState; effects: ConnectionEffect[] } {
  let { state, effects } = begin();
  for (const { type, code = 'connection_refused', now = AROUND.now } of events) {
    const event = { type, generation: state.generation, error: new AppError(code) } as ConnectionEvent;
    ({ state, effects } = transition(state, event, { ...AROUND, now }));
  }
  return { state, effects };
}

const READY: Loose[] = [{ type: 'opened' }, { type: 'listed' }];

describe('a connection', () => {
  it('becomes ready after it opens and lists its tools', () => {
    expect(begin()).toMatchObject({
      state: { name: 'connecting' },
      effects: [{ type: 'open', generation: 1 }],
    });
    expect(run({ type: 'opened' })).toMatchObject({
      state: { name: 'discovering' },
      effects: [{ type: 'list' }],
    });
    expect(run(...READY)).toMatchObject({ state: { name: 'ready', listing: 'no' }, effects: [] });
  });

  it('waits longer after each failed attempt and retries with a new generation', () => {
    const once = run({ type: 'failed' });
    expect(once.state).toMatchObject({ name: 'waiting', failures: 1, retryAt: AROUND.now + 250 });
    expect(once.effects).toEqual([{ type: 'wait', generation: 1, delayMs: 250 }]);
    const twice = run({ type: 'failed' }, { type: 'retry_due' }, { type: 'failed' });
    expect(twice.state).toMatchObject({
      name: 'waiting',
      generation: 2,
      failures: 2,
      retryAt: AROUND.now + 500,
    });
  });

  it('replaces a lost session at once, without a request to the dead one', () => {
    const { state, effects } = run(...READY, {
      type: 'lost',
      code: 'session_lost',
      now: AROUND.now + 60_000,
    });
    expect(state).toMatchObject({ name: 'connecting', generation: 2 });
    expect(effects).toEqual([{ type: 'drop' }, { type: 'open', generation: 2 }]);
  });

  it('does not reconnect in a tight loop to a server that loses every session at once', () => {
    const lost: Loose = { type: 'lost', code: 'session_lost' };
    expect(run(...READY, lost, ...READY, lost).state).toMatchObject({ name: 'waiting', failures: 2 });
  });

  it('delays reconnects after repeated session losses by 1 s, then 2 s, up to 30 s', () => {
    const round: Loose[] = [...READY, { type: 'lost', code: 'session_lost' }];
    const retry: Loose = { type: 'retry_due' };
    const pause = (rounds: number) => {
      const again = Array.from({ length: rounds - 2 }, () => [...round, retry]).flat();
      const { state } = run(...round, ...again, ...round);
      return state.name === 'waiting' ? state.retryAt - AROUND.now : null;
    };
    // With half of the jitter, the back-off itself would be 0.5, 1, 2, 4 and 7.5 s.
    expect([2, 3, 4, 5, 6, 7, 9].map(pause)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('spreads its reconnect, so connections that broke together do not reconnect together', () => {
    const { state } = run(...READY, { type: 'lost', code: 'connection_lost', now: AROUND.now + 60_000 });
    expect(state).toMatchObject({ name: 'waiting', failures: 1, retryAt: AROUND.now + 60_250 });
  });

  it('retries at once for a tool call and keeps the count of failures, until the breaker opens', () => {
    const failed: Loose = { type: 'failed' };
    const wanted: Loose = { type: 'wanted' };
    const fourth = [failed, wanted, failed, wanted, failed, wanted, failed];
    expect(run(...fourth, wanted)).toMatchObject({
      state: { name: 'connecting', failures: 4 },
      effects: [{ type: 'stop_waiting' }, { type: 'open', generation: 5 }],
    });
    const open = [...fourth, wanted, failed];
    expect(run(...open, wanted)).toMatchObject({ state: { name: 'waiting', failures: 5 }, effects: [] });
    const later: Loose = { ...wanted, now: AROUND.now + 2_000 };
    expect(run(...open, later).state).toMatchObject({ name: 'connecting', failures: 5 });
    expect(run(...open, { type: 'retry_due' }).state).toMatchObject({ name: 'connecting' });
    expect(run(...open, { type: 'wake' }, failed, wanted).state).toMatchObject({ name: 'connecting' });
  });

  it('does not connect for a tool call if the credential is missing', () => {
    expect(run({ type: 'failed', code: 'unauthorized' }, { type: 'wanted' }).effects).toEqual([]);
  });

  it('retries soon if the server was ready before, whatever the failure', () => {
    const { state } = run(...READY, { type: 'lost', code: 'blocked_address', now: AROUND.now + 60_000 });
    expect(state).toMatchObject({ name: 'waiting', retryAt: AROUND.now + 60_250 });
  });

  it('respects the retry time that the server named for tool calls, but not for the user', () => {
    const first = begin().state;
    const error = new AppError('rate_limited', { retryAfterMs: 60_000 });
    const { state } = transition(first, { type: 'failed', generation: 1, error }, AROUND);
    expect(transition(state, { type: 'wanted' }, AROUND).effects).toEqual([]);
    expect(transition(state, { type: 'wake' }, AROUND).state.name).toBe('connecting');
  });

  it('does not count a postponed attempt as a failure, and a tool call need not wait for it', () => {
    const error = new AppError('host_busy', { retryAfterMs: 17_000 });
    const { state } = transition(begin().state, { type: 'failed', generation: 1, error }, AROUND);
    expect(state).toMatchObject({ name: 'waiting', failures: 0, retryAt: AROUND.now + 17_500 });
    expect(transition(state, { type: 'wanted' }, AROUND).state.name).toBe('connecting');
  });

  it('resets the failures and reconnects at once on wake', () => {
    const { state, effects } = run({ type: 'failed' }, { type: 'wake' });
    expect(state).toMatchObject({ name: 'connecting', failures: 0 });
    expect(effects.map(({ type }) => type)).toEqual(['stop_waiting', 'open']);
  });

  it.each(['unauthorized', 'forbidden'] as const)('stops reconnecting after %s until it is woken', (code) => {
    expect(run({ type: 'failed', code })).toMatchObject({
      state: { name: 'needs_credentials' },
      effects: [],
    });
    expect(run(...READY, { type: 'lost', code })).toMatchObject({
      state: { name: 'needs_credentials' },
      effects: [{ type: 'drop' }],
    });
    expect(run({ type: 'failed', code }, { type: 'wake' }).state.name).toBe('connecting');
  });

  it('lists its tools once more after many change notifications during one listing', () => {
    const notices: Loose[] = [
      { type: 'tools_changed' },
      { type: 'tools_changed' },
      { type: 'tools_changed' },
    ];
    expect(run(...READY, ...notices).state).toMatchObject({ listing: 'stale' });
    const again = run(...READY, ...notices, { type: 'listed' });
    expect(again).toMatchObject({ state: { listing: 'running' }, effects: [{ type: 'list' }] });
    expect(run(...READY, ...notices, { type: 'listed' }, { type: 'listed' })).toMatchObject({
      state: { listing: 'no' },
      effects: [],
    });
  });

  it('does not lose a change notification during the first listing', () => {
    expect(run({ type: 'opened' }, { type: 'tools_changed' }, { type: 'listed' })).toMatchObject({
      state: { name: 'ready', listing: 'running' },
      effects: [{ type: 'list' }],
    });
  });

  it('stays ready if a later listing fails', () => {
    expect(run(...READY, { type: 'tools_changed' }, { type: 'failed', code: 'timeout' })).toMatchObject({
      state: { name: 'ready', listing: 'no' },
      effects: [],
    });
  });
});
