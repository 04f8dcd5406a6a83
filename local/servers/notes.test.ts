import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startNotes } from './notes.ts';

const KEY = 'notes-test-key';
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start() {
  const notes = await startNotes({ port: 0, apiKey: KEY });
  cleanups.push(() => notes.close());
  return notes;
}

async function connect(url: string, key = KEY) {
  const listChanged = vi.fn();
  const client = new Client(
    { name: 'test', version: '1' },
    {
      versionNegotiation: { mode: 'auto' },
      listChanged: { tools: { onChanged: listChanged } },
    },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { 'X-API-Key': key } } }),
  );
  cleanups.push(() => client.close());
  const names = async () => (await client.listTools()).tools.map((tool) => tool.name).sort();
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const [first] = (await client.callTool({ name, arguments: args })).content;
    return first?.type === 'text' ? first.text : '';
  };
  return { client, listChanged, names, call };
}

describe('notes', () => {
  it('rejects a missing or wrong key with 401', async () => {
    const { url } = await start();
    for (const headers of [{}, { 'X-API-Key': 'wrong' }])
      expect((await fetch(url, { method: 'POST', headers })).status).toBe(401);
    await expect(connect(url, 'wrong')).rejects.toThrow();
  });

  it('stores notes and returns them to every client', async () => {
    const { url } = await start();
    const [one, other] = [await connect(url), await connect(url)];
    expect(await one.call('list_notes')).toBe('There are no notes.');
    expect(await one.call('add_note', { text: 'buy milk' })).toContain('buy milk');
    expect(await other.call('list_notes')).toBe('There is 1 note: buy milk.');
  });

  it('adds tools with the first note in all sessions, and removes them again', async () => {
    const { url } = await start();
    const [one, other] = [await connect(url), await connect(url)];
    expect(await one.names()).toEqual(['add_note', 'list_notes']);

    await one.call('add_note', { text: 'buy milk' });
    await vi.waitFor(() => {
      expect(one.listChanged).toHaveBeenCalled();
      expect(other.listChanged).toHaveBeenCalled();
    });
    expect(await other.names()).toEqual([
      'add_note',
      'delete_all_notes',
      'list_notes',
      'read_latest_note',
      'search_notes',
    ]);
    expect(await other.call('read_latest_note')).toBe('The latest note says: buy milk.');
    expect(await other.call('search_notes', { word: 'MILK' })).toContain('buy milk');

    await other.call('delete_all_notes');
    expect(await one.names()).toEqual(['add_note', 'list_notes']);
    const late = await connect(url);
    expect(await late.names()).toEqual(['add_note', 'list_notes']);
  });

  it('serves others after a session has ended', async () => {
    const { url } = await start();
    const gone = await connect(url);
    await gone.client.close();
    const here = await connect(url);
    expect(await here.call('add_note', { text: 'water the plants' })).toContain('water the plants');
  });
});
