import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Signal, WorkspaceLive } from '../live/workspace-live.svelte.ts';
import { byPosition } from './order.ts';
import { readStatusHint } from './status-hint.ts';

/** Hints within this time share one request. */
const DEBOUNCE_MS = 15;
/** At most one request per this time, however many hints arrive. */
const PACE_MS = 250;
/** A request that takes longer counts as lost and no longer blocks the next one. */
const REQUEST_TIMEOUT_MS = 15_000;
/** IDs per request, to keep its URL short; more servers reload the whole list. */
const IDS_PER_REQUEST = 50;

/** The servers of the workspace, refreshed on every hint. */
export class Servers {
  #rows = new SvelteMap<string, McpServerRow>();
  /** Deleted, but still within the undo time: not shown. */
  hidden = new SvelteSet<string>();
  loaded = $state(false);
  list = $derived([...this.#rows.values()].filter((server) => !this.hidden.has(server.id)).sort(byPosition));

  #wanted = new Set<string>();
  #wantsAll = false;
  #probedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRefreshing = false;
  #requests = 0;
  /** The request or local change that a row comes from, so an older response never replaces a newer one. */
  #versionOf = new Map<string, number>();

  get(id: string): McpServerRow | undefined {
    return this.#rows.get(id);
  }

  /** Sets the full list. */
  seed(rows: McpServerRow[]): void {
    this.#apply(rows, ++this.#requests);
    const present = new Set(rows.map((row) => row.id));
    for (const id of this.#rows.keys()) if (!present.has(id)) this.#rows.delete(id);
    this.loaded = true;
  }

  /** Sets one row that was just read or written. */
  put(row: McpServerRow): void {
    this.#apply([row], ++this.#requests);
  }

  /** Shows a change optimistically; call `refresh` if it fails. */
  patch(id: string, change: Partial<McpServerRow>): void {
    const row = this.#rows.get(id);
    if (row) this.put({ ...row, ...change });
  }

  remove(id: string): void {
    this.#versionOf.set(id, ++this.#requests);
    this.#rows.delete(id);
  }

  /** Reloads some servers soon. */
  refresh(ids: string[]): void {
    for (const id of ids) this.#wanted.add(id);
    this.#refreshSoon();
  }

  /** One request at a time: hints gather behind a slow one instead of queueing requests. */
  #refreshSoon(): void {
    if (this.#isRefreshing) return;
    const waitMs = Math.max(DEBOUNCE_MS, this.#probedAt + PACE_MS - Date.now());
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#isRefreshing = true;
      void this.#load().finally(() => {
        this.#isRefreshing = false;
        if (this.#wanted.size > 0 || this.#wantsAll) this.#refreshSoon();
      });
    }, waitMs);
  }

  async refreshAll(): Promise<void> {
    const request = ++this.#requests;
    const rows = await fetchServers('/api/servers');
    if (!rows) return;
    this.#apply(rows, request);
    const present = new Set(rows.map((row) => row.id));
    for (const id of this.#rows.keys()) {
      if (!present.has(id) && (this.#versionOf.get(id) ?? 0) <= request) this.#rows.delete(id);
    }
    this.loaded = true;
  }

  /** @returns a function that stops following */
  follow(live: WorkspaceLive): () => void {
    return live.listen((signal: Signal) => {
      if (signal.name === 'joined') void this.refreshAll();
      else if (signal.name === 'servers.changed') {
        this.#wantsAll = true;
        this.refresh([]);
      } else if (typeof signal.payload.server_id === 'string') {
        const { server_id: id } = signal.payload;
        if (signal.name === 'server.status') this.#applyHint(id, signal.payload);
        this.refresh([id]);
      }
    });
  }

  /** Shows a hint's content until the reload that it triggers. In a burst, the reload alone is enough. */
  #applyHint(id: string, payload: Record<string, unknown>): void {
    if (this.#timer !== undefined || Date.now() < this.#probedAt + PACE_MS) return;
    const row = this.#rows.get(id);
    // With credentials per member, only the reload knows this user's status.
    const status = row && row.credential_scope !== 'member' && readStatusHint(payload, row);
    if (status) this.patch(id, status);
  }

  async #load(): Promise<void> {
    this.#probedAt = Date.now();
    const ids = [...this.#wanted];
    const isAll = this.#wantsAll || ids.length > IDS_PER_REQUEST;
    this.#wanted.clear();
    this.#wantsAll = false;
    if (isAll) return this.refreshAll();
    if (ids.length === 0) return;
    const request = ++this.#requests;
    const rows = await fetchServers(`/api/servers?ids=${ids.join(',')}`);
    if (!rows) return;
    this.#apply(rows, request);
    const present = new Set(rows.map((row) => row.id));
    for (const id of ids) {
      if (!present.has(id) && (this.#versionOf.get(id) ?? 0) <= request) this.#rows.delete(id);
    }
  }

  #apply(rows: McpServerRow[], request: number): void {
    for (const row of rows) {
      if ((this.#versionOf.get(row.id) ?? 0) > request) continue;
      this.#versionOf.set(row.id, request);
      this.#rows.set(row.id, row);
    }
  }
}

/** Null if our server did not answer; the next hint or rejoin retries. */
async function fetchServers(path: string): Promise<McpServerRow[] | null> {
  try {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const response = await fetch(path, { headers: { accept: 'application/json' }, signal });
    return response.ok ? ((await response.json()) as McpServerRow[]) : null; // Our own endpoint.
  } catch {
    return null;
  }
}
