import { describeEnd, type EndDescription } from '../../../shared/src/contract/end-reason.ts';
import { AppError } from '../../../shared/src/contract/errors.ts';
import type {
  VoiceDispatchAnswer,
  VoiceDispatchBody,
} from '../../../shared/src/contract/schema/functions.ts';
import { refuse, succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import type { LivekitSettings } from '../_shared/settings.ts';
import { currentTrace } from '../_shared/trace.ts';
import { bringAgent, LEASE_MS } from './bring-agent.ts';
import type { SessionRoom } from './session-room.ts';

const ENDED: EndDescription = {
  title: 'This conversation has ended.',
  hint: 'Start a new one.',
};

export interface VoiceDispatchDeps {
  userId: string;
  livekit: LivekitSettings | null;
  database: Pick<Database, 'findSession' | 'countCall' | 'claimDispatch'>;
  openRoom: (session: { id: string; room_name: string }, livekit: LivekitSettings) => SessionRoom;
  now: () => number;
}

/**
 * Brings an agent into the room of a session that has none that lives.
 * `dispatched: false` says that there is one, or that one is on its way; asking again does no harm.
 */
export async function handle(
  { session_id }: VoiceDispatchBody,
  { userId, livekit, database, openRoom, now }: VoiceDispatchDeps,
): Promise<Answer> {
  const session = await database.findSession(session_id);
  if (!session) return refuse(404, 'session_not_found', 'There is no such conversation.');
  if (session.user_id !== userId)
    return refuse(
      403,
      'not_your_session',
      'Only the person who started a conversation can bring an agent into it.',
    );
  currentTrace()?.joinConversation(session.id);
  if (session.state === 'ended') {
    // A client that missed the agent's last message learns here why it left.
    const { title, hint } = describeEnd(session.end_reason) ?? ENDED;
    return refuse(409, 'session_ended', title, { hint });
  }
  if (!livekit)
    return refuse(
      503,
      'voice_unavailable',
      'No LiveKit server is set up, so conversations are not available yet.',
    );

  await database.countCall('function_calls', session.workspace_id);
  const claimedAt = now();
  let dispatched = false;
  try {
    if (await database.claimDispatch(session.id, LEASE_MS))
      dispatched = await bringAgent(openRoom(session, livekit), { claimedAt, now });
  } catch (error) {
    if (error instanceof AppError && error.code === 'unreachable')
      return refuse(503, 'voice_unreachable', 'The LiveKit server is not responding. Try again in a moment.');
    throw error;
  }
  return succeed({ dispatched } satisfies VoiceDispatchAnswer);
}
