import { SvelteMap } from 'svelte/reactivity';

export interface ServerPulse {
  dueAt: string | null;
  /** Oldest first; hours without a check are missing. */
  hours: { hour: string; checks: number; failures: number }[];
}

export const PULSES_PER_REQUEST = 40;
/** How long a pulse stays fresh; a changed state reloads at once. */
const FRESH_MS = 60_000;

/** Pulses of the visible servers, loaded after the list. */
export class Pulses {
  #pulses = new SvelteMap<string, ServerPulse>();
  #requested = new Map<string, { at: number; state: string }>();

  get(id: string): ServerPulse | undefined {
    return this.#pulses.get(id);
  }

  refresh(
    shown: { id: string; status_observed_at: string | null; connection_status: string }[],
    now: number,
  ): void {
    const wanted = shown.filter(({ id, connection_status: state }) => {
      const requested = this.#requested.get(id);
      return !requested || requested.state !== state || now - requested.at > FRESH_MS;
    });
    for (const { id, connection_status: state } of wanted) this.#requested.set(id, { at: now, state });
    for (let start = 0; start < wanted.length; start += PULSES_PER_REQUEST) {
      void this.#read(wanted.slice(start, start + PULSES_PER_REQUEST).map(({ id }) => id));
    }
  }

  async #read(ids: string[]): Promise<void> {
    const response = await fetch(`/api/servers/pulses?ids=${ids.join(',')}`).catch(() => null);
    // The next call retries what is old.
    if (!response?.ok) return;
    const pulses = (await response.json()) as Record<string, ServerPulse>; // Our own endpoint.
    for (const [id, pulse] of Object.entries(pulses)) this.#pulses.set(id, pulse);
  }
}
