import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toasts } from '../ui/toasts.svelte.ts';
import { DelayedDeletes } from './delayed-deletes.svelte.ts';
import { Servers } from './servers.svelte.ts';

const UNDO_MS = 6000;
const page = new EventTarget();
let sent: string[];
let status: number;

beforeEach(() => {
  vi.useFakeTimers();
  toasts.length = 0;
  sent = [];
  status = 204;
  vi.stubGlobal('window', page);
  vi.stubGlobal('fetch', (path: string, options: RequestInit) => {
    sent.push(`${options.method} ${path} ${options.keepalive ? 'keepalive' : ''}`);
    return Promise.resolve(new Response(null, { status }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('DelayedDeletes', () => {
  it('hides at once and deletes when the time for an undo is over', async () => {
    const servers = new Servers();
    new DelayedDeletes(servers).delete('1', 'clock');
    expect(servers.hidden.has('1')).toBe(true);
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual(['DELETE /api/servers/1 keepalive']);
    expect(toasts).toHaveLength(0);
  });

  it('deletes nothing after an undo', async () => {
    const servers = new Servers();
    new DelayedDeletes(servers).delete('1', 'clock');
    toasts[0]?.action?.run();
    expect(servers.hidden.has('1')).toBe(false);
    await vi.advanceTimersByTimeAsync(UNDO_MS * 2);
    expect(sent).toEqual([]);
  });

  it('deletes at once when the page goes away, and only once', async () => {
    const deletes = new DelayedDeletes(new Servers());
    deletes.watchPage();
    deletes.delete('1', 'clock');
    page.dispatchEvent(new Event('pagehide'));
    await vi.advanceTimersByTimeAsync(UNDO_MS * 2);
    expect(sent).toEqual(['DELETE /api/servers/1 keepalive']);
  });

  it('shows the server again and says so when it could not be deleted', async () => {
    status = 503;
    const servers = new Servers();
    new DelayedDeletes(servers).delete('1', 'clock');
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(servers.hidden.has('1')).toBe(false);
    expect(toasts.map((toast) => toast.text)).toEqual(['clock could not be deleted. Try again.']);
  });
});
