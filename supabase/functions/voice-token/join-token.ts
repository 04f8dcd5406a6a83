import { AccessToken, RoomAgentDispatch, RoomConfiguration, TrackSource } from 'livekit-server-sdk';
import type { LivekitSettings } from '../_shared/settings.ts';

/** Long enough to join and to rejoin after a break; after that the page asks for another token. */
const TTL_SECONDS = 15 * 60;

export interface Invitation {
  sessionId: string;
  roomName: string;
  userId: string;
}

/**
 * Signs a token that lets one user speak, listen and write in one room, and calls the agent when the join
 * creates the room.
 * @returns a JWT signed with the LiveKit API secret
 */
export async function signJoinToken(
  { sessionId, roomName, userId }: Invitation,
  { apiKey, apiSecret, agentName }: LivekitSettings,
): Promise<string> {
  const token = new AccessToken(apiKey, apiSecret, { identity: `user-${userId}`, ttl: TTL_SECONDS });
  token.addGrant({
    roomJoin: true,
    room: roomName,
    canSubscribe: true,
    canPublish: true,
    canPublishSources: [TrackSource.MICROPHONE],
    canPublishData: true,
    canUpdateOwnMetadata: false,
  });
  const metadata = JSON.stringify({ session_id: sessionId });
  token.roomConfig = new RoomConfiguration({ agents: [new RoomAgentDispatch({ agentName, metadata })] });
  return await token.toJwt();
}
