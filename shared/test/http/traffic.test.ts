/** What a session takes from a server, in bytes. Each server would send for ever. */
import { Readable } from 'node:stream';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { probe } from '../../src/engine/probe/probe.ts';
import { connect, serveScript } from '../support/connect.ts';
import { openStream, type ScriptedRequest } from '../support/scripted-server.ts';

const MB = 2 ** 20;
/** What the sockets on both sides buffer. */
const BUFFERED = 8 * MB;

/** Sends pieces for as long as they are taken, up to 100 MB; counts their bytes. */
function pour(response: ServerResponse, piece: string | Buffer, counter: { bytes: number }): void {
  const bytes = Buffer.from(piece);
  function* pieces() {
    for (let sent = 0; sent < 100 * MB; sent += bytes.length) {
      counter.bytes += bytes.length;
      yield bytes;
    }
  }
  Readable.from(pieces(), { highWaterMark: 1 }).pipe(response);
}

async function probed(script: (request: ScriptedRequest) => boolean, timeoutMs = 15_000) {
  const server = await serveScript(script);
  return probe(
    { url: server.url, transport: 'streamable_http', credential: { method: 'none' } },
    { policy: 'local', timeoutMs },
  );
}

const notice = JSON.stringify({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data: 'x'.repeat(MB / 2) },
});

describe('a probe ends at its limit', { timeout: 30_000 }, () => {
  it.each([
    ['an event without an end', `data: ${'x'.repeat(65_536)}\n`],
    ['an event of short lines', 'data:\n'.repeat(10_000)],
    ['lines that are no fields', 'x\n'.repeat(30_000)],
    ['comments', `: ${'x'.repeat(1_000)}\n`.repeat(60)],
    ['notices before the answer', `data: ${notice}\n\n`],
  ])('with a stream of %s in place of the list', async (_what, piece) => {
    const counter = { bytes: 0 };
    const result = await probed(({ what, response }) => {
      if (what !== 'tools/list') return false;
      openStream(response);
      pour(response, piece, counter);
      return true;
    });
    expect(result).toMatchObject({ ok: false, code: 'response_too_large' });
    expect(counter.bytes).toBeLessThan(24 * MB + BUFFERED);
  });

  it('with a flood of small events, which is read slowly enough to leave time for others', async () => {
    const counter = { bytes: 0 };
    const flood = (request: ScriptedRequest) => {
      if (request.what !== 'tools/list') return false;
      openStream(request.response);
      pour(request.response, 'data: {}\n\n'.repeat(6_000), counter);
      return true;
    };
    expect(await probed(flood, 3_000)).toMatchObject({ ok: false, code: 'timeout' });
    expect(counter.bytes).toBeLessThan(BUFFERED);
  });

  it('with pages of 7 MB: what was found is kept, with a note', async () => {
    let pages = 0;
    const result = await probed(({ what, send, result: answer }) => {
      if (what !== 'tools/list') return false;
      pages += 1;
      const tool = {
        name: `tool_${pages}`,
        description: 'x'.repeat(7 * MB),
        inputSchema: { type: 'object' },
      };
      send(200, answer({ tools: [tool], nextCursor: String(pages) }));
      return true;
    });
    expect(pages).toBe(2);
    expect(result).toMatchObject({ ok: true, note: expect.stringContaining('more than 8 MB') as string });
  });

  it('with a list that is small as text and huge in memory', async () => {
    const result = await probed(({ what, send, id }) => {
      if (what !== 'tools/list') return false;
      const odd = `[${'[],'.repeat((4 * MB) / 3)}0]`;
      send(200, `{"jsonrpc":"2.0","id":${String(id)},"result":{"tools":${odd}}}`);
      return true;
    });
    expect(result).toMatchObject({ ok: false, code: 'response_too_large' });
  });
});

it('results of 7 MB that arrive at once end a session that holds more than its share', async () => {
  const server = await serveScript(({ what, id, response }) => {
    if (what !== 'tools/call') return false;
    // All but the last byte: each is held until it ends.
    response.writeHead(200, { 'content-type': 'application/json' });
    const text = 'x'.repeat(7 * MB);
    response.write(
      `{"jsonrpc":"2.0","id":${String(id)},"result":{"content":[{"type":"text","text":"${text}"}]}`,
    );
    return true;
  });
  const { connection } = connect(server, { maxConcurrency: 16 });
  const calls = Array.from({ length: 8 }, () => connection.call('echo', {}).catch((error: unknown) => error));
  expect(await Promise.all(calls)).toEqual(
    Array.from({ length: 8 }, () => expect.objectContaining({ code: 'response_too_large' }) as unknown),
  );
}, 30_000);
