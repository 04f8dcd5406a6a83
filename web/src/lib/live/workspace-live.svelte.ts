import type { HintName } from '@patchbay/shared/schema/hints';
import type { RealtimeChannel, RealtimeClient } from '@supabase/supabase-js';
import { currentAccess, SessionExpired } from './access-token.ts';

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
  state = $state<'connecting' | 'live' | 'lost' | 'signed_out'>('connecting');
  #listeners = new Set<(signal: Signal) => void>();
  #client: RealtimeClient | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #generation = 0;

  /** @returns how to stop listening */
  listen(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    if (this.state === 'live') listener({ name: 'joined' });
    return () => this.#listeners.delete(listener);
  }

  /** @returns how to leave the topic */
  start(workspaceId: string): () => void {
    const lookAgain = () => {
      if (document.visibilityState === 'visible') this.#tell({ name: 'joined' });
    };
    const slow = setInterval(lookAgain, SLOW_LOOK_MS);
    document.addEventListener('visibilitychange', lookAgain);
    void this.#join(`workspace:${workspaceId}`);
    return () => {
      clearInterval(slow);
      document.removeEventListener('visibilitychange', lookAgain);
      this.#leave();
    };
  }

  async #join(topic: string): Promise<void> {
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
      const channel = client.channel(topic, { config: { private: true } });
      this.#hear(channel);
      channel.subscribe((status) => {
        if (!isCurrent()) return;
        if (String(status) === 'SUBSCRIBED') {
          this.state = 'live';
          this.#tell({ name: 'joined' });
        } else if (String(status) === 'CLOSED') {
          // The other side closed the topic, for instance when a token ran out: nothing rejoins by itself.
          this.#lost(topic);
        } else {
          this.state = 'lost';
        }
      });
    } catch (problem) {
      if (!isCurrent()) return;
      if (problem instanceof SessionExpired) {
        this.#leave();
        this.state = 'signed_out';
      } else {
        this.#lost(topic);
      }
    }
  }

  #hear(channel: RealtimeChannel): void {
    for (const name of HINT_NAMES) {
      channel.on('broadcast', { event: name }, (message: { payload?: Record<string, unknown> }) => {
        this.#tell({ name, payload: message.payload ?? {} });
      });
    }
  }

  #lost(topic: string): void {
    this.#leave();
    this.state = 'lost';
    this.#retry = setTimeout(() => void this.#join(topic), RETRY_MS);
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
