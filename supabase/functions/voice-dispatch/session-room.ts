import {
  AccessToken,
  AgentDispatchClient,
  RoomServiceClient,
  type ParticipantInfo,
} from 'livekit-server-sdk';
import { z } from 'zod';
import { AppError } from '../../../shared/src/contract/errors.ts';
import type { LivekitSettings } from '../_shared/settings.ts';

/** Times are milliseconds since 1970, by LiveKit's clock. */
export interface Agent {
  identity: string;
  joinedAt: number;
}

export interface Dispatch {
  id: string;
  createdAt: number;
  /** LiveKit reports it up to 5 s late. */
  hasRunningJob: boolean;
}

export interface SessionRoom {
  agents(): Promise<Agent[]>;
  /** Within 2 s. */
  answers(agent: Agent): Promise<boolean>;
  remove(agent: Agent): Promise<void>;
  dispatches(): Promise<Dispatch[]>;
  dropDispatch(dispatch: Dispatch): Promise<void>;
  dispatch(): Promise<Pick<Dispatch, 'id'>>;
}

/** `ParticipantInfo.Kind.AGENT` of LiveKit's protocol; the SDK does not export the enum. */
const KIND_AGENT: ParticipantInfo['kind'] = 4;

const PING_METHOD = 'patchbay.ping';
/** The process responded with an error, or the server can't ask it; then the participant list has to be believed. */
const ANSWERED = new Set(['invalid_argument', 'unimplemented', 'bad_route']);
/** No response in time, or a connection that LiveKit itself can't use any more. */
const SILENT = new Set(['canceled', 'deadline_exceeded', 'internal', 'unavailable', 'not_found']);
const TwirpFailure = z.object({ code: z.string().catch('') });
const PING_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_S = 2;

/**
 * The room of a session on a LiveKit server.
 * All methods throw AppError `unreachable` when the server fails or does not answer.
 */
export function openSessionRoom(
  session: { id: string; room_name: string },
  { url, apiKey, apiSecret, agentName }: LivekitSettings,
): SessionRoom {
  const room = session.room_name;
  const options = { requestTimeout: REQUEST_TIMEOUT_S };
  const rooms = new RoomServiceClient(url, apiKey, apiSecret, options);
  const dispatchClient = new AgentDispatchClient(url, apiKey, apiSecret, options);

  return {
    async agents() {
      const participants = await reach(rooms.listParticipants(room));
      return participants
        .filter(({ kind }) => kind === KIND_AGENT)
        .map(({ identity, joinedAtMs }) => ({ identity, joinedAt: Number(joinedAtMs) }));
    },

    async answers({ identity }) {
      // The SDK has no wrapper for this call yet.
      const token = new AccessToken(apiKey, apiSecret, { ttl: 60 });
      token.addGrant({ roomAdmin: true, room });
      const endpoint = new URL('/twirp/livekit.RoomService/PerformRpc', url.replace(/^ws/, 'http'));
      const response = await reach(
        fetch(endpoint, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${await token.toJwt()}` },
          body: JSON.stringify({
            room,
            destination_identity: identity,
            method: PING_METHOD,
            payload: '',
            response_timeout_ms: PING_TIMEOUT_MS,
          }),
          signal: AbortSignal.timeout(PING_TIMEOUT_MS + 500),
        }).catch(whenTimedOut(Response.json({ code: 'deadline_exceeded' }, { status: 408 }))),
      );
      if (response.ok) return true;
      const { code } = TwirpFailure.parse(await response.json().catch(() => ({})));
      if (ANSWERED.has(code)) return true;
      if (SILENT.has(code)) return false;
      throw new AppError('unreachable');
    },

    async remove({ identity }) {
      await rooms.removeParticipant(room, identity).catch(whenGone);
    },

    async dispatches() {
      // LiveKit takes 3 s to report a missing room when asked for its dispatches.
      if ((await reach(rooms.listRooms([room]))).length === 0) return [];
      const all = await reach(dispatchClient.listDispatch(room));
      return all
        .filter((dispatch) => dispatch.agentName === agentName)
        .map(({ id, state }) => ({
          id,
          createdAt: Number((state?.createdAt ?? 0n) / 1_000_000n),
          hasRunningJob: (state?.jobs ?? []).some(({ state: job }) => job?.endedAt === 0n),
        }));
    },

    async dropDispatch({ id }) {
      await dispatchClient.deleteDispatch(id, room).catch(whenGone);
    },

    async dispatch() {
      const metadata = JSON.stringify({ session_id: session.id });
      const { id } = await reach(dispatchClient.createDispatch(room, agentName, { metadata }));
      return { id };
    },
  };
}

async function reach<Answer>(request: Promise<Answer>): Promise<Answer> {
  return await request.catch((cause: unknown) => {
    throw new AppError('unreachable', { cause });
  });
}

function whenGone(cause: unknown): void {
  const isGone = cause instanceof Error && 'status' in cause && cause.status === 404;
  if (!isGone) throw new AppError('unreachable', { cause });
}

function whenTimedOut(answer: Response): (cause: unknown) => Response {
  return (cause) => {
    if (cause instanceof DOMException && cause.name === 'TimeoutError') return answer;
    throw cause;
  };
}
