import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../contract/errors.ts';
import {
  begin,
  transition,
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
} from './machine.ts';

describe('a connection under any sequence of events', () => {
  const codes: ErrorCode[] = ['connection_refused', 'session_lost', 'unauthorized', 'timeout', 'invalid_url'];
  const step = fc.record({
    type: fc.constantFrom<ConnectionEvent['type']>(
      'opened',
      'listed',
      'failed',
      'lost',
      'tools_changed',
      'retry_due',
      'wanted',
      'wake',
      'close',
    ),
    code: fc.constantFrom(...codes),
    retryAfterMs: fc.option(fc.integer({ min: 1, max: 60_000 }), { nil: undefined, freq: 5 }),
    /** 0 is the present generation, the rest are late. */
    lag: fc.integer({ min: 0, max: 2 }),
    sleepMs: fc.nat(20_000),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });

  interface Pass {
    event: ConnectionEvent;
    isLate: boolean;
    now: number;
    before: ConnectionState;
    after: ConnectionState;
    effects: ConnectionEffect[];
  }

  /** Runs random sequences, most events in time, and hands each over whole. */
  function always(check: (passes: Pass[]) => void): void {
    const steps = fc.array(
      fc.oneof({ weight: 3, arbitrary: step.map((one) => ({ ...one, lag: 0 })) }, step),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(steps, (all) => {
        let { state } = begin();
        let now = 0;
        const passes = all.map(({ type, code, retryAfterMs, lag, sleepMs, random }) => {
          now += sleepMs;
          const before = state;
          const generation = before.generation - lag;
          const error = new AppError(code, retryAfterMs === undefined ? {} : { retryAfterMs });
          const hasGeneration = !['wanted', 'wake', 'close'].includes(type);
          const event = { type, ...(hasGeneration && { generation, error }) } as ConnectionEvent;
          const { state: after, effects } = transition(before, event, { now, random });
          state = after;
          const isLate = hasGeneration && lag > 0;
          return { event, isLate, now, before, after, effects };
        });
        check(passes);
      }),
      { numRuns: 300 },
    );
  }

  const has = (effects: ConnectionEffect[], type: ConnectionEffect['type']) =>
    effects.some((effect) => effect.type === type);

  it('ignores late events', () => {
    always((passes) => {
      for (const { isLate, before, after, effects } of passes) {
        if (isLate) expect({ state: after, effects }).toEqual({ state: before, effects: [] });
        expect(after.generation).toBeGreaterThanOrEqual(before.generation);
      }
    });
  });

  it('neither doubles sessions nor leaves them open', () => {
    always((passes) => {
      let hasSession = false;
      for (const { event, isLate, before, after, effects } of passes) {
        // An `opened` that is in time means that the runner now holds a session.
        if (event.type === 'opened' && !isLate && before.name === 'connecting') hasSession = true;
        for (const effect of effects) {
          if (effect.type === 'open') {
            expect(hasSession).toBe(false);
            expect(effect.generation).toBe(before.generation + 1);
          }
          if (effect.type === 'list') expect(hasSession).toBe(true);
          if (effect.type === 'drop' || effect.type === 'end') hasSession = false;
        }
        expect(hasSession).toBe(after.name === 'discovering' || after.name === 'ready');
      }
    });
  });

  it('runs a timer exactly while it waits', () => {
    always((passes) => {
      let hasTimer = false;
      for (const { event, isLate, before, after, effects } of passes) {
        if (event.type === 'retry_due' && !isLate && before.name === 'waiting') hasTimer = false;
        for (const effect of effects) {
          if (effect.type === 'stop_waiting') hasTimer = false;
          if (effect.type !== 'wait') continue;
          expect(hasTimer).toBe(false);
          expect(effect.delayMs).toBeGreaterThanOrEqual(0);
          hasTimer = true;
        }
        expect(hasTimer).toBe(after.name === 'waiting');
      }
    });
  });

  it('stays closed', () => {
    always((passes) => {
      for (const { event, before, after, effects } of passes) {
        if (before.name === 'closed')
          expect({ state: after, effects }).toEqual({ state: before, effects: [] });
        if (event.type === 'close') expect(after.name).toBe('closed');
        expect(has(effects, 'end')).toBe(event.type === 'close' && before.name !== 'closed');
      }
    });
  });

  it('does not connect for tool calls while the breaker is open', () => {
    always((passes) => {
      for (const { event, before, after, effects, now } of passes) {
        if (event.type !== 'wanted' || !has(effects, 'open')) continue;
        if (before.name !== 'waiting') throw new Error(`It dials from ${before.name}.`);
        expect(before.failures < 5 || now - before.since >= 2_000).toBe(true);
        expect(before.error.retryAfterMs !== undefined && now < before.retryAt).toBe(false);
        expect(after).toMatchObject({ failures: before.failures });
      }
    });
  });

  it('always connects on wake', () => {
    always((passes) => {
      for (const { event, before, after, effects } of passes) {
        if (event.type !== 'wake') continue;
        const isDown = before.name === 'waiting' || before.name === 'needs_credentials';
        expect(has(effects, 'open')).toBe(isDown);
        if (isDown) expect(after).toMatchObject({ name: 'connecting', failures: 0 });
      }
    });
  });
});
