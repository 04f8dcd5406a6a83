/**
 * The workspace's private Realtime topic. A hint only says "look again"; after every join the caller looks
 * again by itself, for hints may have been missed.
 */
import { HINTS, workspaceTopic } from '@patchbay/shared/schema/hints';
import { REALTIME_SUBSCRIBE_STATES, type RealtimeChannel } from '@supabase/supabase-js';
import type { ServiceClient } from './database.ts';
import type { Log } from './log.ts';

/** Hints that change what a conversation should be like. */
const RELEVANT = [
  'server.changed',
  'servers.changed',
  'tools.changed',
  'agent_config.changed',
  'session.changed',
  'members.changed',
] as const;
const SUBSCRIBE_AGAIN_MS = 2_000;

export interface HintListener {
  onHint: () => void;
  /** The channel was joined, for the first time or again. */
  onJoined: () => void;
  /** Somebody reached the server: a test, a "reconnect", another conversation. */
  onServerSeen: (serverId: string) => void;
}

export interface HintSubscription {
  close(): Promise<void>;
}

/** Listens until closed; a channel that the server closes is opened again. */
export function openHints(
  client: ServiceClient,
  workspaceId: string,
  sessionId: string,
  listener: HintListener,
  log: Pick<Log, 'warn'>,
): HintSubscription {
  let closed = false;
  let channel: RealtimeChannel | null = null;
  let again: NodeJS.Timeout | undefined;

  const subscribe = () => {
    const mine = client.channel(workspaceTopic(workspaceId), { config: { private: true } });
    channel = mine;
    for (const event of RELEVANT) {
      mine.on('broadcast', { event }, ({ payload }) => {
        if (!closed && concerns(event, payload, sessionId)) listener.onHint();
      });
    }
    mine.on('broadcast', { event: 'server.status' }, ({ payload }) => {
      const hint = HINTS['server.status'].safeParse(payload);
      if (closed || !hint.success || hint.data.connection_status !== 'connected') return;
      listener.onServerSeen(hint.data.server_id);
    });
    mine.subscribe((status, error) => {
      if (closed || channel !== mine) return;
      if (status === REALTIME_SUBSCRIBE_STATES.SUBSCRIBED) return listener.onJoined();
      log.warn({ status, error: error?.message }, 'hints are not heard at the moment');
      // The client joins again by itself after an error or a time-out, not after a close.
      if (status === REALTIME_SUBSCRIBE_STATES.CLOSED) again = setTimeout(subscribe, SUBSCRIBE_AGAIN_MS);
    });
  };
  subscribe();

  return {
    async close() {
      closed = true;
      clearTimeout(again);
      if (channel) await client.removeChannel(channel);
    },
  };
}

/** Hints about other sessions of the workspace say nothing about this one. */
function concerns(event: (typeof RELEVANT)[number], payload: unknown, sessionId: string): boolean {
  if (event !== 'session.changed') return true;
  const hint = HINTS['session.changed'].safeParse(payload);
  return hint.success && hint.data.session_id === sessionId && hint.data.state === 'ended';
}
