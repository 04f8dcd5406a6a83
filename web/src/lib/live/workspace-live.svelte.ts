import type { HintName } from '@patchbay/shared/schema/hints';
import type { RealtimeChannel, RealtimeClient } from '@supabase/supabase-js';
import { currentAccess, SessionExpired } from './access-token.ts';
import { isStillMember } from './membership.ts';

/** A hint says "look again"; `joined` says "look at everything again", since hints may have been missed. */
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
const RETRY_MS = 3000;
/** A hint that was lost costs at most this long. */
const SLOW_LOOK_MS = 60_000;

/** The private Realtime topic of one workspace, kept joined while the app is open. */
export class WorkspaceLive {
  /** `removed`: the user is in this workspace no more, so its topic was left for good. */
  state = $state<'connecting' | 'live' | 'lost' | 'signed_out' | 'removed'>('connecting');
  #listeners = new Set<(signal: Signal) => void>();
  #client: RealtimeClient | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #generation = 0;
  #stop = () => {};

  /** @returns how to stop listening */
  listen(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    if (this.state === 'live') listener({ name: 'joined' });
    return () => this.#listeners.delete(listener);
  }

  /** @returns how to leave the topic */
  start(workspaceId: string, userId: string): () => void {
    this.state = 'connecting';
    const lookAgain = () => {
      if (document.visibilityState === 'visible') this.#tell({ name: 'joined' });
    };
    const slow = setInterval(lookAgain, SLOW_LOOK_MS);
    document.addEventListener('visibilitychange', lookAgain);
    void this.#join(workspaceId, userId);
    this.#stop = () => {
      clearInterval(slow);
      document.removeEventListener('visibilitychange', lookAgain);
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
        currentAccess(),
      ]);
      if (!isCurrent()) return;
      const client = new RealtimeClient(`${access.supabaseUrl}/realtime/v1`, {
        params: { apikey: access.publishableKey },
        accessToken: async () => (await currentAccess()).accessToken,
      });
      this.#client = client;
      await client.setAuth();
      if (!isCurrent()) return;
      const channel = client.channel(`workspace:${workspaceId}`, { config: { private: true } });
      this.#hear(channel, userId);
      channel.subscribe((status) => {
        if (!isCurrent()) return;
        if (String(status) === 'SUBSCRIBED') {
          this.state = 'live';
          this.#tell({ name: 'joined' });
        } else if (String(status) === 'CLOSED') {
          // The other side closed the topic, for instance when a token ran out: nothing rejoins by itself.
          this.#lost(workspaceId, userId);
        } else {
          this.state = 'lost';
          // The hint of a removal may have come while nobody heard it; then the topic is closed to us.
          void isStillMember(workspaceId).then((isMember) => {
            if (!isMember && isCurrent()) this.#removed();
          });
        }
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
        // What was under way when the topic was left is nobody's business any more.
        if (generation !== this.#generation) return;
        const payload = message.payload ?? {};
        const isFarewell =
          name === 'members.changed' && payload.op === 'delete' && payload.user_id === userId;
        if (isFarewell) this.#removed();
        else this.#tell({ name, payload });
      });
    }
  }

  /** Realtime goes on sending until the next token; the page does not go on listening. */
  #removed(): void {
    this.#stop();
    this.state = 'removed';
  }

  #lost(workspaceId: string, userId: string): void {
    this.#leave();
    this.state = 'lost';
    this.#retry = setTimeout(() => void this.#join(workspaceId, userId), RETRY_MS);
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
