/** In the stateless era, tool changes arrive on a subscription that the client keeps open. */
import type { Client } from '@modelcontextprotocol/client';
import { RequestThrottle } from '../http/request-throttle.ts';

/** A server that ends subscriptions at once, or refuses them, is asked less and less often. */
const THROTTLE = { firstMs: 1_000, longestMs: 300_000, calmMs: 60_000 };

export interface ToolsSubscriptionOptions {
  timeoutMs: number;
  /** The server ended a subscription: what it said meanwhile was missed. */
  onGap: () => void;
  /** Milliseconds of any clock. */
  now: () => number;
}

export class ToolsSubscription {
  readonly #client: Client;
  readonly #options: ToolsSubscriptionOptions;
  readonly #throttle = new RequestThrottle(THROTTLE);
  /** When the next one may be opened; null before the first. */
  #notBeforeMs: number | null = null;
  #isOpen = false;
  #isEnded = false;

  constructor(client: Client, options: ToolsSubscriptionOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Subscribes, unless it is subscribed or has to wait; called again from time to time. */
  keep(): void {
    const { timeoutMs, onGap, now } = this.#options;
    this.#notBeforeMs ??= now() + this.#throttle.plan(now());
    if (this.#isOpen || this.#isEnded || now() < this.#notBeforeMs) return;
    this.#isOpen = true;
    void this.#client
      .listen({ toolsListChanged: true }, { timeout: timeoutMs })
      .then((subscription) => subscription.closed)
      // A server may refuse subscriptions; the list is read from time to time anyway.
      .catch(() => 'local' as const)
      .then((how) => {
        this.#isOpen = false;
        this.#notBeforeMs = now() + this.#throttle.plan(now());
        if (how !== 'local' && !this.#isEnded) onGap();
      });
  }

  /** No subscription is opened any more; the one that is open ends with the session. */
  end(): void {
    this.#isEnded = true;
  }
}
