/** Shorter than a workspace stays watched, so that one lost request changes nothing. */
const EVERY_MS = 30_000;

/** What `watch_workspace` answers. */
interface Monitoring {
  is_monitored: boolean;
  network_away_since: string | null;
}

/** Says that somebody looks, for as long as the page is visible, and hears how far its states can be trusted. */
export class Watch {
  /** Null until it is known. */
  monitoring = $state<Monitoring | null>(null);

  /** @returns how to stop it */
  start(): () => void {
    const look = () => {
      if (document.visibilityState === 'visible') void this.#look();
    };
    const timer = setInterval(look, EVERY_MS);
    document.addEventListener('visibilitychange', look);
    look();
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }

  async #look(): Promise<void> {
    // Without an answer nothing is known: the page shows its connection to us elsewhere.
    const response = await fetch('/api/watch', { method: 'POST' }).catch(() => null);
    if (response?.ok) this.monitoring = (await response.json()) as Monitoring; // Our own endpoint.
  }
}
