import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toasts } from '../ui/toasts.svelte.ts';
import { DelayedDeletes } from './delayed-deletes.svelte.ts';
import { Servers } from './servers.svelte.ts';

const UNDO_MS = 6000;
const page = new EventTarget();
let sent: string[];
let status: number;
let left: string[];
const CLOCK = [{ id: '1', name: 'clock' }];
const SENT = 'DELETE /api/servers {"ids":["1"]} keepalive';

beforeEach(() => {
  vi.useFakeTimers();
  toasts.length = 0;
  sent = [];
  status = 200;
  left = [];
  vi.stubGlobal('window', page);
  vi.stubGlobal('fetch', (path: string, options: RequestInit) => {
    sent.push(`${options.method} ${path} ${options.body as string} ${options.keepalive ? 'keepalive' : ''}`);
    return Promise.resolve(Response.json({ left }, { status }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('DelayedDeletes', () => {
  it('hides servers at once and deletes them after the undo period', async () => {
    const servers = new Servers();
    new DelayedDeletes(servers).delete(CLOCK);
    expect(servers.hidden.has('1')).toBe(true);
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([SENT]);
    expect(toasts).toHaveLength(0);
  });

  it('deletes nothing after an undo', async () => {
    const servers = new Servers();
    new DelayedDeletes(servers).delete(CLOCK);
    toasts[0]?.action?.run();
    expect(servers.hidden.has('1')).toBe(false);
    await vi.advanceTimersByTimeAsync(UNDO_MS * 2);
    expect(sent).toEqual([]);
  });

  it('deletes at once when the page is closed, and only once', async () => {
    const deletes = new DelayedDeletes(new Servers());
    deletes.watchPage();
    deletes.delete(CLOCK);
    page.dispatchEvent(new Event('pagehide'));
    await vi.advanceTimersByTimeAsync(UNDO_MS * 2);
    expect(sent).toEqual([SENT]);
  });

  it('shows the server again with an error when it could not be deleted', async () => {
    status = 503;
    const servers = new Servers();
    new DelayedDeletes(servers).delete(CLOCK);
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(servers.hidden.has('1')).toBe(false);
    expect(toasts.map((toast) => toast.text)).toEqual(["Couldn't delete clock. Try again."]);
  });

  it('deletes many with one request and one undo, and names what is left', async () => {
    const servers = new Servers();
    const many = ['1', '2', '3'].map((id) => ({ id, name: `server ${id}` }));
    left = ['2'];
    const deletes = new DelayedDeletes(servers);
    deletes.delete(many);
    deletes.delete(CLOCK);
    expect(toasts.map((toast) => toast.text)).toEqual(['3 servers deleted.']);
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(sent).toHaveLength(1);
    expect(toasts.map((toast) => toast.text)).toEqual(["Couldn't delete server 2. Try again."]);
    expect(servers.hidden.size).toBe(0);
  });
});
