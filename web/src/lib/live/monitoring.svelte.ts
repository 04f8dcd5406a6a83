/** Shorter than a workspace stays watched, so one lost request changes nothing. */
const EVERY_MS = 30_000;

interface Monitoring {
  is_monitored: boolean;
  network_away_since: string | null;
}

/**
 * Reports that the page is visible, so its servers are probed more often, and reads whether health checks are running.
 */
export class MonitoringStatus {
  monitoring = $state<Monitoring | null>(null);

  /** @returns a function that stops it */
  start(): () => void {
    const refresh = () => {
      if (document.visibilityState === 'visible') void this.#load();
    };
    const timer = setInterval(refresh, EVERY_MS);
    document.addEventListener('visibilitychange', refresh);
    refresh();
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refresh);
    };
  }

  async #load(): Promise<void> {
    // If there is no answer, the page shows its own lost connection elsewhere.
    const response = await fetch('/api/watch', { method: 'POST' }).catch(() => null);
    if (response?.ok) this.monitoring = (await response.json()) as Monitoring; // Our own endpoint.
  }
}
