import { showToast } from '../ui/toasts.svelte.ts';
import type { Servers } from './servers.svelte.ts';

/** A deleted credential can't be restored, so a delete waits this long for an undo. */
const UNDO_MS = 6000;

interface Waiting {
  servers: Deletable[];
  timer: ReturnType<typeof setTimeout>;
  dismiss: () => void;
}

interface Deletable {
  id: string;
  name: string;
}

/**
 * Deletes that can still be undone. A pending delete is sent when its time is over, or when the page closes. If the
 * browser crashes first, the servers stay.
 */
export class DelayedDeletes {
  #waiting = new Set<Waiting>();
  #servers: Servers;

  constructor(servers: Servers) {
    this.#servers = servers;
  }

  /** @returns a function that stops listening for the end of the page */
  watchPage(): () => void {
    const carryOut = () => this.#flush();
    window.addEventListener('pagehide', carryOut);
    return () => {
      window.removeEventListener('pagehide', carryOut);
      carryOut();
    };
  }

  delete(chosen: Deletable[]): void {
    const servers = chosen.filter(({ id }) => !this.#servers.hidden.has(id));
    if (servers.length === 0) return;
    for (const { id } of servers) this.#servers.hidden.add(id);
    const words = `${servers.length === 1 ? servers[0]?.name : `${servers.length} servers`} deleted.`;
    const waiting: Waiting = {
      servers,
      timer: setTimeout(() => void this.#carryOut(waiting), UNDO_MS),
      dismiss: showToast(words, { action: { label: 'Undo', run: () => this.#undo(waiting) } }),
    };
    this.#waiting.add(waiting);
  }

  #undo(waiting: Waiting): void {
    if (this.#take(waiting)) for (const { id } of waiting.servers) this.#servers.hidden.delete(id);
  }

  async #carryOut(waiting: Waiting): Promise<void> {
    if (!this.#take(waiting)) return;
    const left = await sendDelete(waiting.servers);
    for (const { id } of waiting.servers) {
      if (!left.has(id)) this.#servers.remove(id);
      this.#servers.hidden.delete(id);
    }
    const names = waiting.servers.filter(({ id }) => left.has(id)).map(({ name }) => name);
    if (names.length === 0) return;
    const what = names.length === 1 ? names[0] : `${names.length} servers`;
    showToast(`Couldn't delete ${what}. Try again.`, { tone: 'bad' });
  }

  #take(waiting: Waiting): boolean {
    if (!this.#waiting.delete(waiting)) return false;
    clearTimeout(waiting.timer);
    waiting.dismiss();
    return true;
  }

  #flush(): void {
    for (const waiting of [...this.#waiting]) if (this.#take(waiting)) void sendDelete(waiting.servers);
  }
}

/** @returns IDs of servers that still exist; `keepalive` lets the request outlive the page */
async function sendDelete(servers: Deletable[]): Promise<Set<string>> {
  const ids = servers.map(({ id }) => id);
  const response = await fetch('/api/servers', {
    method: 'DELETE',
    keepalive: true,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ids }),
  }).catch(() => null);
  if (!response?.ok) return new Set(ids);
  const { left } = (await response.json()) as { left: string[] }; // Our own endpoint.
  return new Set(left);
}
