import type { Problem } from './problems.ts';
import { UNREACHABLE_ROOM } from './room-problems.ts';
import type { Asked } from './voice-api.ts';

const REJOIN_EVERY_MS = 2000;
const REJOINS = 30;
/** Tokens are valid for 15 minutes (supabase/functions/voice-token); what is left is for slow clocks and connections. */
const FRESH_MS = 10 * 60_000;
/** Answers of our functions after which a conversation is over for this user. */
export const FINAL_STATUSES: ReadonlySet<number> = new Set([401, 403, 404, 409, 410]);

/** Where a room is, and the key to it. */
export interface RoomKey {
  url: string;
  token: string;
  /** Milliseconds since the epoch. */
  issuedAt: number;
}

export interface RejoinOptions {
  key: RoomKey;
  /** Asks for another key to the same room. */
  renew: () => Promise<Asked<{ url: string; token: string }>>;
  /** Rejects when the room can't be joined. */
  join: (key: RoomKey) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Joins the same room again, for about a minute. A key that may have expired is renewed first; while nobody can renew
 * it, the old one is tried, since LiveKit may take it.
 * @returns null when the room was joined or the signal aborted, else why it can't be
 */
export async function rejoinRoom({ key, renew, join, signal }: RejoinOptions): Promise<Problem | null> {
  let held = key;
  for (let attempt = 0; attempt < REJOINS; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, REJOIN_EVERY_MS));
    if (signal.aborted) return null;
    if (Date.now() - held.issuedAt > FRESH_MS) {
      const answer = await renew();
      if (signal.aborted) return null;
      if (answer.ok) held = { ...answer.value, issuedAt: Date.now() };
      else if (FINAL_STATUSES.has(answer.status)) return answer.problem;
    }
    const isJoined = await join(held).then(
      () => true,
      () => false,
    );
    if (isJoined || signal.aborted) return null;
  }
  return UNREACHABLE_ROOM;
}
