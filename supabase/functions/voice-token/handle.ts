import type { VoiceTokenAnswer, VoiceTokenBody } from '../../../shared/src/contract/schema/functions.ts';
import { refuse, succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import type { LivekitSettings } from '../_shared/settings.ts';
import { currentTrace } from '../_shared/trace.ts';
import type { Invitation } from './join-token.ts';

export interface VoiceTokenDeps {
  userId: string;
  livekit: LivekitSettings | null;
  database: Pick<Database, 'findAgent' | 'findSession' | 'countCall' | 'createSession'>;
  newId: () => string;
  sign: (invitation: Invitation, livekit: LivekitSettings) => Promise<string>;
}

/** Gives the caller a token for the room of a conversation: of a new one, or of an own one that is open. */
export async function handle(body: VoiceTokenBody, deps: VoiceTokenDeps): Promise<Answer> {
  return 'session_id' in body ? rejoin(body.session_id, deps) : begin(body.agent_config_id, deps);
}

async function begin(
  agentConfigId: string | undefined,
  { userId, livekit, database, newId, sign }: VoiceTokenDeps,
): Promise<Answer> {
  const agent = await database.findAgent(agentConfigId);
  if (!agent) return refuse(404, 'agent_not_found', 'There is no such agent.');
  if (!livekit) return refuseWithoutLivekit();
  await database.countCall('voice_tokens', agent.workspace_id);

  const sessionId = newId();
  const roomName = `pb-${sessionId}`;
  // Signed first: a session that nobody can join would stay open forever.
  const token = await sign({ sessionId, roomName, userId }, livekit);
  await database.createSession({
    id: sessionId,
    workspace_id: agent.workspace_id,
    user_id: userId,
    agent_config_id: agent.id,
    room_name: roomName,
  });
  currentTrace()?.joinConversation(sessionId);
  return invite(sessionId, roomName, token, livekit);
}

/** A token is valid for minutes, a conversation for hours. */
async function rejoin(
  sessionId: string,
  { userId, livekit, database, sign }: VoiceTokenDeps,
): Promise<Answer> {
  const session = await database.findSession(sessionId);
  if (!session) return refuse(404, 'session_not_found', 'There is no such conversation.');
  if (session.user_id !== userId)
    return refuse(403, 'not_your_session', 'Only the person who started a conversation can join it.');
  currentTrace()?.joinConversation(session.id);
  if (session.state === 'ended')
    return refuse(409, 'session_ended', 'This conversation has ended. Start a new one.');
  if (!livekit) return refuseWithoutLivekit();
  await database.countCall('function_calls', session.workspace_id);
  const token = await sign({ sessionId: session.id, roomName: session.room_name, userId }, livekit);
  return invite(session.id, session.room_name, token, livekit);
}

const refuseWithoutLivekit = (): Answer =>
  refuse(503, 'voice_unavailable', 'No LiveKit server is set up, so conversations are not available yet.');

const invite = (sessionId: string, roomName: string, token: string, { url }: LivekitSettings): Answer =>
  succeed({ session_id: sessionId, url, token, room_name: roomName } satisfies VoiceTokenAnswer);
