import type { HintName } from '@patchbay/shared/contract/schema/hints';
import type { RealtimeChannel, RealtimeClient } from '@supabase/supabase-js';
import { currentAccess, SessionExpired } from './access-token.ts';
import { isStillMember } from './membership.ts';
import { watchPage } from './page-wake.ts';

/** A hint names what changed. `joined` means resync everything, since hints may have been missed. */
export type Signal = { name: 'joined' } | { name: HintName; payload: Record<string, unknown> };

const HINT_NAMES: HintName[] = [
  'server.changed',
  'servers.changed',
  'server.status',
  'tools.changed',
  'agent_config.changed',
  'session.changed',
  'members.changed',
  'notice.created',
];
/** Delays before rejoining the topic with a fresh token on a new socket; the last one repeats. */
const RETRY_MS = [0, 500, 1000, 3000];
/** Delays before the client reopens a lost socket. */
const RECONNECT_MS = [250, 1000, 2000];
const RECONNECT_LATEST_MS = 3000;
/** Resync interval: the most that a lost hint costs. */
const RESYNC_MS = 60_000;

/** The private Realtime topic of a workspace, joined while the app is open. */
export class WorkspaceLive {
  /** `removed`: the user is no longer a member, so the topic was left for good. */
  state = $state<'connecting' | 'live' | 'lost' | 'signed_out' | 'removed'>('connecting');
  #listeners = new Set<(signal: Signal) => void>();
  #client: RealtimeClient | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #generation = 0;
  #failures = 0;
  #token: string | undefined;
  #refused: string | undefined;
  #stop = () => {};

  /** @returns a function that stops listening */
  listen(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    if (this.state === 'live') listener({ name: 'joined' });
    return () => this.#listeners.delete(listener);
  }

  /** @returns a function that leaves the topic */
  start(workspaceId: string, userId: string): () => void {
    this.state = 'connecting';
    const resync = () => {
      if (document.visibilityState === 'visible') this.#tell({ name: 'joined' });
    };
    const slow = setInterval(resync, RESYNC_MS);
    const rejoin = () => this.#rejoin(workspaceId, userId);
    const rejoinIfLost = () => {
      if (this.state === 'lost') rejoin();
      else resync();
    };
    const stopWatching = watchPage({ onWake: rejoin, onSeen: rejoinIfLost, onOnline: rejoinIfLost });
    void this.#join(workspaceId, userId);
    this.#stop = () => {
      clearInterval(slow);
      stopWatching();
      this.#leave();
    };
    return this.#stop;
  }

  async #join(workspaceId: string, userId: string): Promise<void> {
    const generation = ++this.#generation;
    const isCurrent = () => generation === this.#generation;
    try {
      const [{ RealtimeClient }, access] = await Promise.all([
        import('./realtime-client.ts'),
        currentAccess(this.#refused),
      ]);
      if (!isCurrent()) return;
      this.#refused = undefined;
      const client = new RealtimeClient(`${access.supabaseUrl}/realtime/v1`, {
        params: { apikey: access.publishableKey },
        accessToken: async () => (this.#token = (await currentAccess()).accessToken),
        reconnectAfterMs: (tries: number) => RECONNECT_MS[tries - 1] ?? RECONNECT_LATEST_MS,
      });
      this.#client = client;
      await client.setAuth();
      if (!isCurrent()) return;
      const channel = client.channel(`workspace:${workspaceId}`, { config: { private: true } });
      this.#hear(channel, userId);
      channel.subscribe((status) => {
        if (!isCurrent()) return;
        if (String(status) === 'SUBSCRIBED') {
          this.#failures = 0;
          this.state = 'live';
          return this.#tell({ name: 'joined' });
        }
        // While the socket is down, the client reopens it and rejoins. A topic that closes on an open socket, as when a
        // token expires, needs a new token first.
        if (client.isConnected()) this.#lost(workspaceId, userId, this.#token);
        this.state = 'lost';
        this.#leaveIfRemoved(workspaceId);
      });
    } catch (problem) {
      if (!isCurrent()) return;
      if (problem instanceof SessionExpired) {
        this.#leave();
        this.state = 'signed_out';
      } else {
        this.#lost(workspaceId, userId);
      }
    }
  }

  #hear(channel: RealtimeChannel, userId: string): void {
    const generation = this.#generation;
    for (const name of HINT_NAMES) {
      channel.on('broadcast', { event: name }, (message: { payload?: Record<string, unknown> }) => {
        // Drop messages that were in flight when the topic was left.
        if (generation !== this.#generation) return;
        const payload = message.payload ?? {};
        const isFarewell =
          name === 'members.changed' && payload.op === 'delete' && payload.user_id === userId;
        if (isFarewell) this.#removed();
        else this.#tell({ name, payload });
      });
    }
  }

  /** Realtime keeps sending until the token expires, but the page stops listening. */
  #removed(): void {
    this.#stop();
    this.state = 'removed';
  }

  /** The hint of a removal may be missed; then the topic closes. */
  #leaveIfRemoved(workspaceId: string): void {
    const stop = this.#stop;
    void isStillMember(workspaceId).then((isMember) => {
      if (!isMember && stop === this.#stop) this.#removed();
    });
  }

  #lost(workspaceId: string, userId: string, refused?: string): void {
    this.#leave();
    this.#refused = refused;
    this.state = 'lost';
    const delayMs = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    this.#retry = setTimeout(() => void this.#join(workspaceId, userId), delayMs);
  }

  #rejoin(workspaceId: string, userId: string): void {
    if (this.state === 'signed_out' || this.state === 'removed') return;
    this.#leave();
    this.#failures = 0;
    this.state = 'lost';
    void this.#join(workspaceId, userId);
  }

  #leave(): void {
    this.#generation++;
    clearTimeout(this.#retry);
    void this.#client?.disconnect();
    this.#client = undefined;
  }

  #tell(signal: Signal): void {
    for (const listener of this.#listeners) listener(signal);
  }
}
