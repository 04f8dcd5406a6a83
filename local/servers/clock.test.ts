import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, it } from 'vitest';
import { startClock } from './clock.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connect(url: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  cleanups.push(() => client.close());
  return client;
}

async function startAt(instant: string) {
  const clock = await startClock({ port: 0, now: () => new Date(instant) });
  cleanups.push(() => clock.close());
  return clock;
}

function textOf(result: Awaited<ReturnType<Client['callTool']>>): string {
  const [first] = result.content;
  return first?.type === 'text' ? first.text : '';
}

describe('clock', () => {
  it('returns the time in a city that people name', async () => {
    const client = await connect((await startAt('2026-11-22T05:05:00Z')).url);
    const tokyo = await client.callTool({ name: 'current_time', arguments: { city: 'Tokyo' } });
    expect(textOf(tokyo)).toBe('It is 2:05 PM in Tokyo, Sunday, November 22.');
    expect(tokyo.structuredContent).toMatchObject({ time_zone: 'Asia/Tokyo', utc_offset: '+09:00' });
    const other = await client.callTool({ name: 'current_time', arguments: { city: 'são paulo' } });
    expect(other.structuredContent).toMatchObject({ time_zone: 'America/Sao_Paulo', utc_offset: '-03:00' });
  });

  it('returns an error for an unknown place', async () => {
    const client = await connect((await startAt('2026-11-22T05:05:00Z')).url);
    const result = await client.callTool({ name: 'current_time', arguments: { city: 'Atlantis' } });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('Atlantis');
  });

  it('compares two cities, including half hours', async () => {
    const client = await connect((await startAt('2026-11-22T05:05:00Z')).url);
    const compare = async (from: string, to: string) =>
      textOf(await client.callTool({ name: 'time_difference', arguments: { from, to } }));
    expect(await compare('Berlin', 'Tokyo')).toBe('Tokyo is 8 hours ahead of Berlin.');
    expect(await compare('Berlin', 'Mumbai')).toBe('Mumbai is 4.5 hours ahead of Berlin.');
    expect(await compare('Berlin', 'New York')).toBe('New York is 6 hours behind Berlin.');
    expect(await compare('Berlin', 'Paris')).toBe('Paris and Berlin have the same time.');
  });

  it('lists example cities in its schema, for a speech grammar', async () => {
    const client = await connect((await startAt('2026-11-22T05:05:00Z')).url);
    const { tools } = await client.listTools();
    const time = tools.find((tool) => tool.name === 'current_time');
    expect(time?.title).toBe('Current time');
    expect(time?.inputSchema.properties?.['city']).toMatchObject({
      examples: expect.arrayContaining(['Tokyo']),
    });
  });

  it('counts down with progress and stops when it is cancelled', async () => {
    const client = await connect((await startAt('2026-11-22T05:05:00Z')).url);
    const stop = new AbortController();
    const call = client.callTool(
      { name: 'countdown', arguments: { seconds: 60 } },
      { signal: stop.signal, onprogress: ({ total }) => total === 60 && stop.abort() },
    );
    await expect(call).rejects.toThrow();
    expect(stop.signal.aborted).toBe(true);
  });

  it('serves many sessions at once and answers 404 to an unknown one', async () => {
    const clock = await startAt('2026-11-22T05:05:00Z');
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(clock.url)));
    const lists = await Promise.all(clients.map((client) => client.listTools()));
    expect(new Set(lists.map((list) => list.tools.length))).toEqual(new Set([3]));
    const lost = await fetch(clock.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': 'gone',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    expect(lost.status).toBe(404);
  });

  it('refuses a page of another origin', async () => {
    const clock = await startAt('2026-11-22T05:05:00Z');
    const answer = await fetch(clock.url, { method: 'POST', headers: { origin: 'https://example.com' } });
    expect(answer.status).toBe(403);
  });
});

describe('clock as a process', () => {
  function run(port: number) {
    const child = spawn(process.execPath, [new URL('./clock.ts', import.meta.url).pathname], {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    cleanups.push(async () => child.kill('SIGKILL'));
    return child;
  }

  it('reports that its port is in use, and exits cleanly on SIGTERM with a client connected', async () => {
    const first = run(0);
    const [line] = (await once(first.stdout, 'data')) as [Buffer];
    const url = line.toString().trim().replace('clock: ', '');
    await connect(url);

    const second = run(Number(new URL(url).port));
    const [complaint] = (await once(second.stderr, 'data')) as [Buffer];
    expect(complaint.toString()).toContain(`port ${new URL(url).port}`);
    expect(complaint.toString()).toContain('in use');
    expect(await once(second, 'exit')).toEqual([1, null]);

    first.kill('SIGTERM');
    expect(await once(first, 'exit')).toEqual([0, null]);
  });
});
