// A killed process leaves its participant in the room for 20 s, and LiveKit sends no replacement; a user who came before
// any worker gets no agent. So an agent that doesn't respond is a ghost, and a dispatch without an agent is spent.
// The session's lease admits one caller at a time, spent dispatches are deleted first, and of concurrent ones the
// oldest stays.
import type { Agent, Dispatch, SessionRoom } from './session-room.ts';

/** How long one caller may work on a room; a little less than the 4 s after which a page asks again. */
export const LEASE_MS = 3_800;
/** After this, the next caller may already hold the lease. */
const LAST_DISPATCH_MS = LEASE_MS - 800;

/** An agent that has just joined may not respond yet. */
const SETTLING_MS = 4_000;

/** LiveKit looks for a worker for 5 s. */
const WAIT_FOR_JOB_MS = 5_500;

const WAIT_FOR_START_MS = 15_000;

/** @returns whether an agent was called */
export async function bringAgent(
  room: SessionRoom,
  { claimedAt, now }: { claimedAt: number; now: () => number },
): Promise<boolean> {
  const agents = (await room.agents()).sort((a, b) => a.joinedAt - b.joinedAt);
  const lives = await Promise.all(agents.map((agent) => isLive(agent, room, now())));
  const [keeper] = agents.filter((_, index) => lives[index]);
  await Promise.all(agents.filter((agent) => agent !== keeper).map((agent) => room.remove(agent)));
  if (keeper) return false;

  const dispatches = await room.dispatches();
  const lastJoinAt = agents.at(-1)?.joinedAt ?? 0;
  if (dispatches.some((dispatch) => isPending(dispatch, lastJoinAt, now()))) return false;
  await Promise.all(dispatches.map((dispatch) => room.dropDispatch(dispatch)));

  if (now() - claimedAt > LAST_DISPATCH_MS) return false;
  const mine = await room.dispatch();
  const [first, ...surplus] = (await room.dispatches()).sort(
    (a, b) => a.createdAt - b.createdAt || a.id.localeCompare(b.id),
  );
  await Promise.all(surplus.map((dispatch) => room.dropDispatch(dispatch)));
  return first?.id === mine.id;
}

async function isLive(agent: Agent, room: SessionRoom, now: number): Promise<boolean> {
  return now - agent.joinedAt < SETTLING_MS || (await room.answers(agent));
}

/** @param lastJoinAt when the last ghost joined: older dispatches are spent */
function isPending(dispatch: Dispatch, lastJoinAt: number, now: number): boolean {
  if (dispatch.createdAt <= lastJoinAt) return false;
  const allowanceMs = dispatch.hasRunningJob ? WAIT_FOR_START_MS : WAIT_FOR_JOB_MS;
  return now - dispatch.createdAt < allowanceMs;
}
