import { showToast } from '../ui/toasts.svelte.ts';
import type { Servers } from './servers.svelte.ts';

/** A deleted credential cannot be brought back, so a delete waits this long for an undo. */
const UNDO_MS = 6000;

interface Waiting {
  name: string;
  timer: ReturnType<typeof setTimeout>;
  dismiss: () => void;
}

/**
 * Deletes that can still be undone. A waiting delete is carried out when its time is over, and at the
 * latest when the page goes away; a browser that dies before leaves the server in place.
 */
export class DelayedDeletes {
  #waiting = new Map<string, Waiting>();
  #servers: Servers;

  constructor(servers: Servers) {
    this.#servers = servers;
  }

  /** @returns how to stop listening for the end of the page */
  watchPage(): () => void {
    const carryOut = () => this.#flush();
    window.addEventListener('pagehide', carryOut);
    return () => {
      window.removeEventListener('pagehide', carryOut);
      carryOut();
    };
  }

  delete(id: string, name: string): void {
    if (this.#waiting.has(id)) return;
    this.#servers.hidden.add(id);
    const timer = setTimeout(() => void this.#carryOut(id), UNDO_MS);
    const dismiss = showToast(`${name} was deleted.`, {
      action: { label: 'Undo', run: () => this.#undo(id) },
    });
    this.#waiting.set(id, { name, timer, dismiss });
  }

  #undo(id: string): void {
    if (this.#take(id)) this.#servers.hidden.delete(id);
  }

  async #carryOut(id: string): Promise<void> {
    const waiting = this.#take(id);
    if (!waiting) return;
    const response = await sendDelete(id).catch(() => null);
    if (response?.ok) this.#servers.remove(id);
    else showToast(`${waiting.name} could not be deleted. Try again.`, { tone: 'bad' });
    this.#servers.hidden.delete(id);
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (!waiting) return undefined;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.dismiss();
    return waiting;
  }

  #flush(): void {
    for (const id of [...this.#waiting.keys()]) {
      this.#take(id);
      void sendDelete(id).catch(() => null);
    }
  }
}

/** `keepalive` lets the request outlive the page. */
function sendDelete(id: string): Promise<Response> {
  return fetch(`/api/servers/${id}`, { method: 'DELETE', keepalive: true });
}
