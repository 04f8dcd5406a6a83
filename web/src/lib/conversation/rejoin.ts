import type { Problem } from './problems.ts';
import { UNREACHABLE_ROOM } from './room-problems.ts';
import type { ApiResult } from './voice-api.ts';

const REJOIN_EVERY_MS = 2000;
const REJOINS = 30;
/** Tokens are valid for 15 minutes (supabase/functions/voice-token), minus a margin for slow clocks and connections. */
const FRESH_MS = 10 * 60_000;
/** Statuses of our functions that end a conversation for this user. */
export const FINAL_STATUSES: ReadonlySet<number> = new Set([401, 403, 404, 409, 410]);

export interface RoomKey {
  url: string;
  token: string;
  /** Milliseconds since the epoch. */
  issuedAt: number;
}

export interface RejoinOptions {
  key: RoomKey;
  renew: () => Promise<ApiResult<{ url: string; token: string }>>;
  join: (key: RoomKey) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Rejoins the same room for about a minute. Renews a token that may have expired; if that fails, tries the old one,
 * which LiveKit may still accept.
 * @returns null if the room was joined or the signal aborted, otherwise the problem
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
