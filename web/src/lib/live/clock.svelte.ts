/** A clock for words like "12 s ago": begins at the server's time, so that both renderings agree. */
export class Clock {
  now = $state(0);

  /** @param now milliseconds since the epoch */
  constructor(now: number) {
    this.now = now;
  }

  /** @returns how to stop it */
  start(everyMs = 5000): () => void {
    this.now = Date.now();
    const timer = setInterval(() => (this.now = Date.now()), everyMs);
    return () => clearInterval(timer);
  }
}
