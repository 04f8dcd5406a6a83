import { describe, expect, it } from 'vitest';
import { isAgentMissing, nextStep, type AgentFacts } from './agent-watch.ts';

const fresh: AgentFacts = {
  joinedAt: 1000,
  isInRoom: false,
  wasInRoom: false,
  failedPings: 0,
  lastPingAt: null,
  lastDispatchAt: null,
};
const there: AgentFacts = { ...fresh, isInRoom: true, wasInRoom: true };

describe('nextStep', () => {
  it('gives the first agent four seconds', () => {
    expect(nextStep(fresh, 2000)).toEqual({ do: 'wait', forMs: 3000 });
    expect(nextStep(fresh, 5000)).toEqual({ do: 'dispatch' });
  });

  it('dispatches again every four seconds while no agent joins', () => {
    expect(nextStep({ ...fresh, lastDispatchAt: 5000 }, 6000)).toEqual({ do: 'wait', forMs: 3000 });
    expect(nextStep({ ...fresh, lastDispatchAt: 5000 }, 9000)).toEqual({ do: 'dispatch' });
  });

  it('dispatches at once when the agent has left', () => {
    expect(nextStep({ ...fresh, wasInRoom: true }, 60_000)).toEqual({ do: 'dispatch' });
  });

  it('pings a present agent every three seconds', () => {
    expect(nextStep({ ...there, lastPingAt: 10_000 }, 11_000)).toEqual({ do: 'wait', forMs: 2000 });
    expect(nextStep({ ...there, lastPingAt: 10_000 }, 13_000)).toEqual({ do: 'ping' });
  });

  it('repeats a lost ping at once before it replaces the agent', () => {
    expect(nextStep({ ...there, failedPings: 1, lastPingAt: 10_000 }, 10_001)).toEqual({ do: 'ping' });
  });

  it('replaces an unresponsive agent after two lost pings, and keeps pinging it', () => {
    const ghost = { ...there, failedPings: 2, lastPingAt: 16_000 };
    expect(nextStep(ghost, 16_000)).toEqual({ do: 'dispatch' });
    expect(nextStep({ ...ghost, lastDispatchAt: 16_000 }, 19_000)).toEqual({ do: 'ping' });
    expect(nextStep({ ...ghost, lastDispatchAt: 16_000, lastPingAt: 19_000 }, 20_000)).toEqual({
      do: 'dispatch',
    });
  });
});

describe('isAgentMissing', () => {
  it('is false while the first agent may still join', () => {
    expect(isAgentMissing(fresh, 4000)).toBe(false);
    expect(isAgentMissing(fresh, 5000)).toBe(true);
  });

  it('is true at once when an agent has left or is unresponsive', () => {
    expect(isAgentMissing({ ...fresh, wasInRoom: true }, 1001)).toBe(true);
    expect(isAgentMissing({ ...there, failedPings: 2 }, 9000)).toBe(true);
    expect(isAgentMissing(there, 9000)).toBe(false);
  });
});
