import type { VoiceTokenAnswer, VoiceTokenBody } from '../../../shared/src/schema/functions.ts';
import { refuse, succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import type { LivekitSettings } from '../_shared/settings.ts';
import { currentTrace } from '../_shared/trace.ts';
import type { Invitation } from './join-token.ts';

export interface VoiceTokenDeps {
  userId: string;
  /** Null without a LiveKit server. */
  livekit: LivekitSettings | null;
  database: Pick<Database, 'findAgent' | 'countCall' | 'createSession'>;
  newId: () => string;
  sign: (invitation: Invitation, livekit: LivekitSettings) => Promise<string>;
}

/** Opens a conversation: a row in `voice_sessions` and a token for a fresh room, to which it calls the agent. */
export async function handle(
  { agent_config_id }: VoiceTokenBody,
  { userId, livekit, database, newId, sign }: VoiceTokenDeps,
): Promise<Answer> {
  const agent = await database.findAgent(agent_config_id);
  if (!agent) return refuse(404, 'agent_not_found', 'There is no such agent.');
  if (!livekit)
    return refuse(503, 'voice_unavailable', 'No LiveKit server is set up, so nobody can talk here yet.');
  await database.countCall('voice_tokens', agent.workspace_id);

  const sessionId = newId();
  const roomName = `pb-${sessionId}`;
  // Signed before the row is written: a session that nobody can join would stay open for ever.
  const token = await sign({ sessionId, roomName, userId }, livekit);
  await database.createSession({
    id: sessionId,
    workspace_id: agent.workspace_id,
    user_id: userId,
    agent_config_id: agent.id,
    room_name: roomName,
  });
  currentTrace()?.joinConversation(sessionId);
  return succeed({
    session_id: sessionId,
    url: livekit.url,
    token,
    room_name: roomName,
  } satisfies VoiceTokenAnswer);
}
