import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Signal, WorkspaceLive } from '../live/workspace-live.svelte.ts';
import { Servers } from './servers.svelte.ts';

const row = (id: string, fields: Partial<McpServerRow> = {}): McpServerRow =>
  ({ id, name: id, position: Number(id), created_at: '', is_active: true, ...fields }) as McpServerRow;

function controlledFetch() {
  const asked: { path: string; answer: (rows: McpServerRow[]) => Promise<void> }[] = [];
  vi.stubGlobal('fetch', (path: string) => {
    return new Promise<Response>((resolve) => {
      asked.push({
        path,
        answer: async (rows) => {
          resolve(Response.json(rows));
          await vi.advanceTimersByTimeAsync(0);
        },
      });
    });
  });
  return asked;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('Servers', () => {
  it('batches hints that arrive together into one request', async () => {
    const asked = controlledFetch();
    const servers = new Servers();
    servers.refresh(['1']);
    servers.refresh(['2', '1']);
    await vi.advanceTimersByTimeAsync(50);
    expect(asked.map((one) => one.path)).toEqual(['/api/servers?ids=1,2']);
    await asked[0]?.answer([row('1'), row('2')]);
    expect(servers.list.map((server) => server.id)).toEqual(['1', '2']);
  });

  it('handles a burst of a thousand hints with a few requests, and ends with the newest row', async () => {
    let reads = 0;
    let newest = 0;
    vi.stubGlobal('fetch', () => {
      reads += 1;
      return Promise.resolve(Response.json([row('1', { latency_ms: newest })]));
    });
    const servers = new Servers();
    for (let hint = 1; hint <= 1000; hint += 1) {
      newest = hint;
      servers.refresh(['1']);
      await vi.advanceTimersByTimeAsync(2);
    }
    await vi.advanceTimersByTimeAsync(300);
    expect(reads).toBeLessThanOrEqual(10);
    expect(servers.get('1')?.latency_ms).toBe(1000);
  });

  it('loads all servers when many changed at once', async () => {
    const asked = controlledFetch();
    const servers = new Servers();
    servers.refresh(Array.from({ length: 1000 }, (_, index) => String(index)));
    await vi.advanceTimersByTimeAsync(50);
    expect(asked.map((one) => one.path)).toEqual(['/api/servers']);
    await asked[0]?.answer([]);
    let tell: (signal: Signal) => void = () => undefined;
    servers.follow({
      listen: (listener: typeof tell) => ((tell = listener), () => undefined),
    } as WorkspaceLive);
    for (let hint = 0; hint < 5; hint += 1) tell({ name: 'servers.changed', payload: {} });
    await vi.advanceTimersByTimeAsync(300);
    expect(asked.map((one) => one.path)).toEqual(['/api/servers', '/api/servers']);
  });

  it('sends one request at a time, and batches changes that arrive during a slow one', async () => {
    const asked = controlledFetch();
    const servers = new Servers();
    for (const id of ['1', '2', '3', '4']) {
      servers.refresh([id]);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(asked.map((one) => one.path)).toEqual(['/api/servers?ids=1']);
    await asked[0]?.answer([row('1')]);
    await vi.advanceTimersByTimeAsync(300);
    expect(asked.map((one) => one.path)).toEqual(['/api/servers?ids=1', '/api/servers?ids=2,3,4']);
  });

  it('shows a status from its hint, then the loaded row; in a burst only the row', async () => {
    const asked = controlledFetch();
    const servers = new Servers();
    servers.seed([
      row('1', { connection_status: 'connected' }),
      row('2', { connection_status: 'connected' }),
    ]);
    let tell: (signal: Signal) => void = () => undefined;
    servers.follow({
      listen: (listener: typeof tell) => ((tell = listener), () => undefined),
    } as WorkspaceLive);
    const hint = (server_id: string): Signal => ({
      name: 'server.status',
      payload: {
        server_id,
        connection_status: 'error',
        error_code: 'timeout',
        error_message: null,
        latency_ms: null,
        tool_count: null,
        status_observed_at: '2026-11-22T12:00:00Z',
        consecutive_failures: 1,
      },
    });
    tell(hint('1'));
    tell(hint('2'));
    expect(servers.list.map((one) => one.connection_status)).toEqual(['error', 'connected']);
    await vi.advanceTimersByTimeAsync(50);
    expect(asked.map((one) => one.path)).toEqual(['/api/servers?ids=1,2']);
    await asked[0]?.answer([
      row('1', { connection_status: 'connecting' }),
      row('2', { connection_status: 'error' }),
    ]);
    expect(servers.list.map((one) => one.connection_status)).toEqual(['connecting', 'error']);
  });

  it('removes rows that a request no longer returns', async () => {
    const asked = controlledFetch();
    const servers = new Servers();
    servers.seed([row('1'), row('2')]);
    servers.refresh(['1']);
    await vi.advanceTimersByTimeAsync(50);
    await asked[0]?.answer([]);
    expect(servers.list.map((server) => server.id)).toEqual(['2']);
  });

  it('ignores an older response after a newer one', async () => {
    const asked = controlledFetch();
    const servers = new Servers();
    void servers.refreshAll();
    servers.refresh(['1']);
    await vi.advanceTimersByTimeAsync(300);
    await asked[1]?.answer([row('1', { name: 'new' })]);
    await asked[0]?.answer([row('1', { name: 'old' })]);
    expect(servers.get('1')?.name).toBe('new');
  });

  it('keeps a switch over a request that began earlier', async () => {
    const asked = controlledFetch();
    const servers = new Servers();
    servers.seed([row('1')]);
    const refresh = servers.refreshAll();
    servers.patch('1', { is_active: false });
    await asked[0]?.answer([row('1', { is_active: true })]);
    await refresh;
    expect(servers.get('1')?.is_active).toBe(false);
  });

  it('does not restore a deleted server from a request that began earlier', async () => {
    const asked = controlledFetch();
    const servers = new Servers();
    servers.seed([row('1')]);
    const refresh = servers.refreshAll();
    servers.remove('1');
    await asked[0]?.answer([row('1')]);
    await refresh;
    expect(servers.list).toEqual([]);
  });

  it('keeps its rows when the request fails', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
    const servers = new Servers();
    servers.seed([row('1')]);
    await servers.refreshAll();
    expect(servers.list).toHaveLength(1);
  });
});
