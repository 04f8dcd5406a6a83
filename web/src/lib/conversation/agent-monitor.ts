import type { Room } from 'livekit-client';
import { isAgentMissing, nextStep, type AgentFacts } from './agent-watch.ts';

/** Longer than a busy job takes to answer, short enough to notice a dead agent soon. */
const PING_TIMEOUT_MS = 1500;

interface MonitorOptions {
  room: Room;
  isConnected: () => boolean;
  dispatch: () => Promise<void>;
  onMissing: (isMissing: boolean) => void;
  signal: AbortSignal;
}

/** Monitors the agent of a room until the signal aborts: pings it, and dispatches one if there is none. */
export async function monitorAgent({
  room,
  isConnected,
  dispatch,
  onMissing,
  signal,
}: MonitorOptions): Promise<void> {
  const facts: AgentFacts = {
    joinedAt: performance.now(),
    isInRoom: false,
    wasInRoom: false,
    failedPings: 0,
    lastPingAt: null,
    lastDispatchAt: null,
  };
  let identity: string | undefined;
  const wakeOn = (wake: () => void) =>
    room.on('participantConnected', wake).on('participantDisconnected', wake);
  const wakeOff = (wake: () => void) =>
    room.off('participantConnected', wake).off('participantDisconnected', wake);

  while (!signal.aborted) {
    const agent = [...room.remoteParticipants.values()].find((participant) => participant.isAgent);
    if (agent?.sid !== identity) {
      identity = agent?.sid;
      facts.failedPings = 0;
      if (agent) facts.lastPingAt = performance.now();
    }
    facts.isInRoom = agent !== undefined;
    facts.wasInRoom ||= facts.isInRoom;
    onMissing(isAgentMissing(facts, performance.now()));

    const step = isConnected() ? nextStep(facts, performance.now()) : { do: 'wait' as const, forMs: 1000 };
    if (step.do === 'ping' && agent) {
      facts.lastPingAt = performance.now();
      facts.failedPings = (await answersPing(room, agent.identity)) ? 0 : facts.failedPings + 1;
    } else if (step.do === 'dispatch') {
      facts.lastDispatchAt = performance.now();
      await dispatch();
    } else {
      await pause(step.do === 'wait' ? step.forMs : 0, signal, wakeOn, wakeOff);
    }
  }
}

async function answersPing(room: Room, destinationIdentity: string): Promise<boolean> {
  const answer = room.localParticipant
    .performRpc({
      destinationIdentity,
      method: 'patchbay.ping',
      payload: '',
      responseTimeout: PING_TIMEOUT_MS,
    })
    .then(
      () => true,
      () => false,
    );
  // LiveKit waits longer than this for a participant that never acknowledges.
  const patience = new Promise<false>((resolve) => setTimeout(resolve, PING_TIMEOUT_MS, false));
  return Promise.race([answer, patience]);
}

function pause(
  ms: number,
  signal: AbortSignal,
  wakeOn: (wake: () => void) => void,
  wakeOff: (wake: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      wakeOff(done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    wakeOn(done);
  });
}
