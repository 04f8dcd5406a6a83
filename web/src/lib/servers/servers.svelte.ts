import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Signal, WorkspaceLive } from '../live/workspace-live.svelte.ts';
import { byPosition } from './order.ts';
import { readStatusHint } from './status-hint.ts';

/** Hints that come together are answered by one look. */
const GATHER_MS = 15;
/** A burst of hints costs at most one look in this time, whatever its length. */
const PACE_MS = 250;
/** A look that takes longer was lost; the next one is not held back by it. */
const LOOK_WITHIN_MS = 15_000;
/** Ids of one request, which keeps its address short; of more servers all are looked at. */
const AT_ONCE = 50;

/** The servers of the workspace as the page knows them, kept true by looking again on every hint. */
export class Servers {
  #rows = new SvelteMap<string, McpServerRow>();
  /** Deleted by the user, with the undo still open: not shown. */
  hidden = new SvelteSet<string>();
  loaded = $state(false);
  list = $derived([...this.#rows.values()].filter((server) => !this.hidden.has(server.id)).sort(byPosition));

  #wanted = new Set<string>();
  #wantsAll = false;
  #lookedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;
  #looks = 0;
  /** Which look, or change of the user's, a row comes from: an older answer must not cover a newer one. */
  #lookOf = new Map<string, number>();

  get(id: string): McpServerRow | undefined {
    return this.#rows.get(id);
  }

  /** Takes the full list as the truth of now. */
  seed(rows: McpServerRow[]): void {
    this.#take(rows, ++this.#looks);
    const present = new Set(rows.map((row) => row.id));
    for (const id of this.#rows.keys()) if (!present.has(id)) this.#rows.delete(id);
    this.loaded = true;
  }

  /** Takes one row that was just read or written. */
  put(row: McpServerRow): void {
    this.#take([row], ++this.#looks);
  }

  /** Shows a change before the database has answered; a failure is followed by `refresh`. */
  patch(id: string, change: Partial<McpServerRow>): void {
    const row = this.#rows.get(id);
    if (row) this.put({ ...row, ...change });
  }

  remove(id: string): void {
    this.#lookOf.set(id, ++this.#looks);
    this.#rows.delete(id);
  }

  /** Looks again at some servers, soon. */
  refresh(ids: string[]): void {
    for (const id of ids) this.#wanted.add(id);
    this.#lookSoon();
  }

  /** One look at a time: behind a slow one the hints gather, instead of a queue of requests. */
  #lookSoon(): void {
    if (this.#isLooking) return;
    const waitMs = Math.max(GATHER_MS, this.#lookedAt + PACE_MS - Date.now());
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#isLooking = true;
      void this.#look().finally(() => {
        this.#isLooking = false;
        if (this.#wanted.size > 0 || this.#wantsAll) this.#lookSoon();
      });
    }, waitMs);
  }

  async refreshAll(): Promise<void> {
    const look = ++this.#looks;
    const rows = await fetchServers('/api/servers');
    if (!rows) return;
    this.#take(rows, look);
    const present = new Set(rows.map((row) => row.id));
    for (const id of this.#rows.keys()) {
      if (!present.has(id) && (this.#lookOf.get(id) ?? 0) <= look) this.#rows.delete(id);
    }
    this.loaded = true;
  }

  /** @returns how to stop following */
  follow(live: WorkspaceLive): () => void {
    return live.listen((signal: Signal) => {
      if (signal.name === 'joined') void this.refreshAll();
      else if (signal.name === 'servers.changed') {
        this.#wantsAll = true;
        this.refresh([]);
      } else if (typeof signal.payload.server_id === 'string') {
        const { server_id: id } = signal.payload;
        if (signal.name === 'server.status') this.#believe(id, signal.payload);
        this.refresh([id]);
      }
    });
  }

  /** Shows what a hint tells, until the look that it asks for is answered. In a burst the look alone is enough. */
  #believe(id: string, payload: Record<string, unknown>): void {
    if (this.#timer !== undefined || Date.now() < this.#lookedAt + PACE_MS) return;
    const row = this.#rows.get(id);
    // Of a server with a key or sign-in of each member, the look alone tells what it is for this one.
    const told = row && row.credential_scope !== 'member' && readStatusHint(payload, row);
    if (told) this.patch(id, told);
  }

  async #look(): Promise<void> {
    this.#lookedAt = Date.now();
    const ids = [...this.#wanted];
    const isAll = this.#wantsAll || ids.length > AT_ONCE;
    this.#wanted.clear();
    this.#wantsAll = false;
    if (isAll) return this.refreshAll();
    if (ids.length === 0) return;
    const look = ++this.#looks;
    const rows = await fetchServers(`/api/servers?ids=${ids.join(',')}`);
    if (!rows) return;
    this.#take(rows, look);
    const present = new Set(rows.map((row) => row.id));
    for (const id of ids) {
      if (!present.has(id) && (this.#lookOf.get(id) ?? 0) <= look) this.#rows.delete(id);
    }
  }

  #take(rows: McpServerRow[], look: number): void {
    for (const row of rows) {
      if ((this.#lookOf.get(row.id) ?? 0) > look) continue;
      this.#lookOf.set(row.id, look);
      this.#rows.set(row.id, row);
    }
  }
}

/** Null when our server could not answer: the next hint or rejoin looks again. */
async function fetchServers(path: string): Promise<McpServerRow[] | null> {
  try {
    const signal = AbortSignal.timeout(LOOK_WITHIN_MS);
    const response = await fetch(path, { headers: { accept: 'application/json' }, signal });
    return response.ok ? ((await response.json()) as McpServerRow[]) : null; // Checked by our endpoint.
  } catch {
    return null;
  }
}
