/**
 * One agent in a room: never none for long, never two.
 *
 * A killed process leaves its participant in the room for some 20 s, and LiveKit sends nobody in its place;
 * a user who came before any worker was up is never served. So the room is asked, not the participant list
 * alone: an agent that does not answer is a ghost, and a dispatch that brought nobody in time is spent.
 *
 * Three things keep it at one agent: the lease of the session admits one caller at a time, spent dispatches
 * are deleted before a new one is made (which also stops a job that is late), and of dispatches that were
 * made side by side the oldest stays.
 */
import type { Agent, Dispatch, SessionRoom } from './session-room.ts';

/** How long one caller may work on a room; a little less than the 4 s after which a page asks again. */
export const LEASE_MS = 3_800;
/** Later than this no dispatch is made: the next caller may already be at it when it arrives. */
const LAST_DISPATCH_MS = LEASE_MS - 800;

/** An agent that came a moment ago may not answer yet. */
const SETTLING_MS = 4_000;

/** A worker that is there takes a job within this time; LiveKit looks for one for 5 s. */
const WAIT_FOR_JOB_MS = 5_500;

/** A job that was taken may need this long until its agent is in the room. */
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

/**
 * Whether an agent may still come from a dispatch.
 * @param lastJoinAt when the last agent came that is a ghost now: older dispatches have done their work
 */
function isPending(dispatch: Dispatch, lastJoinAt: number, now: number): boolean {
  if (dispatch.createdAt <= lastJoinAt) return false;
  const allowanceMs = dispatch.hasRunningJob ? WAIT_FOR_START_MS : WAIT_FOR_JOB_MS;
  return now - dispatch.createdAt < allowanceMs;
}
