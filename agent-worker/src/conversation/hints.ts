/**
 * The workspace's private Realtime topic. A hint only says "look again"; after every join the caller looks
 * again by itself, for hints may have been missed.
 */
import { HINTS, workspaceTopic } from '@patchbay/shared/contract/schema/hints';
import { watchForSleep } from '@patchbay/shared/contract/sleep-watch';
import { REALTIME_SUBSCRIBE_STATES, type RealtimeChannel } from '@supabase/supabase-js';
import type { ServiceClient } from '../service-client.ts';
import type { Log } from '@patchbay/livekit/log';

/** Hints that change what a conversation should be like. */
const RELEVANT = [
  'server.changed',
  'servers.changed',
  'tools.changed',
  'agent_config.changed',
  'session.changed',
  'members.changed',
] as const;
/** Until a channel that was closed or refused is opened on a new socket, by how often in a row; then the last one. */
const REOPEN_AFTER_MS = [0, 500, 1_000, 2_000];
const SLEPT_MS = 15_000;

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

/**
 * Listens until closed. A channel that the server closes or refuses is opened again on a new socket: hosted Realtime
 * takes a secret key for a token that its gateway makes when the socket opens, and refuses it on this socket from
 * the moment that this token has expired. A machine that slept opens a new socket too, for the old one may be dead.
 */
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
  let failures = 0;

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
      if (status === REALTIME_SUBSCRIBE_STATES.SUBSCRIBED) {
        failures = 0;
        return listener.onJoined();
      }
      log.warn({ status, error: error?.message }, 'hints are not heard at the moment');
      // While the socket is down, the client opens it and joins again by itself.
      if (client.realtime.isConnected()) reopen();
    });
  };

  const reopen = () => {
    const old = channel;
    channel = null;
    const delayMs = REOPEN_AFTER_MS[Math.min(failures++, REOPEN_AFTER_MS.length - 1)];
    clearTimeout(again);
    again = setTimeout(() => {
      void (async () => {
        await client.realtime.disconnect();
        if (old) await client.removeChannel(old);
        if (!closed) subscribe();
      })();
    }, delayMs);
  };
  const stopWatching = watchForSleep(() => {
    if (channel) reopen();
  }, SLEPT_MS);
  subscribe();

  return {
    async close() {
      closed = true;
      clearTimeout(again);
      stopWatching();
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
