export interface AgentFacts {
  joinedAt: number;
  /** Whether an agent is among the participants. A killed one remains for a while. */
  isInRoom: boolean;
  wasInRoom: boolean;
  failedPings: number;
  lastPingAt: number | null;
  lastDispatchAt: number | null;
}

export type Step = { do: 'ping' } | { do: 'dispatch' } | { do: 'wait'; forMs: number };

/** How long a new room waits for the agent that its token dispatches. */
const FIRST_AGENT_MS = 4000;
const PING_EVERY_MS = 3000;
const DISPATCH_EVERY_MS = 4000;
const FAILURES_THAT_COUNT = 2;

/** Decides what to do next to have an agent in the room. Dispatching twice is harmless: the function adds only one. */
export function nextStep(facts: AgentFacts, now: number): Step {
  const isAgentOffline = facts.isInRoom ? facts.failedPings >= FAILURES_THAT_COUNT : true;
  if (isAgentOffline) {
    const grace = facts.wasInRoom ? now : facts.joinedAt + FIRST_AGENT_MS;
    const again = facts.lastDispatchAt === null ? now : facts.lastDispatchAt + DISPATCH_EVERY_MS;
    const dispatchAt = Math.max(grace, again);
    if (dispatchAt <= now) return { do: 'dispatch' };
    if (!facts.isInRoom) return { do: 'wait', forMs: dispatchAt - now };
  }
  // Repeat a lost ping at once, to notice a killed agent within seconds.
  const pause = facts.failedPings === 1 ? 0 : PING_EVERY_MS;
  const pingAt = (facts.lastPingAt ?? facts.joinedAt) + pause;
  return pingAt <= now ? { do: 'ping' } : { do: 'wait', forMs: pingAt - now };
}

/** Whether to show that there is no agent right now. */
export function isAgentMissing(facts: AgentFacts, now: number): boolean {
  if (facts.isInRoom) return facts.failedPings >= FAILURES_THAT_COUNT;
  return facts.wasInRoom || now - facts.joinedAt >= FIRST_AGENT_MS;
}
