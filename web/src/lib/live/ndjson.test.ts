import { describe, expect, it } from 'vitest';
import { readNdjson } from './ndjson.ts';

const encoder = new TextEncoder();

function streamOf(chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
}

async function all(chunks: (string | Uint8Array)[]): Promise<unknown[]> {
  const lines: unknown[] = [];
  for await (const line of readNdjson(streamOf(chunks))) lines.push(line);
  return lines;
}

describe('readNdjson', () => {
  it('reads lines split across chunks, and a last line without a newline', async () => {
    expect(await all(['{"a":1}\n{"b"', ':2}\n\n', '{"c":3}'])).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  });

  it('joins a character split across chunks', async () => {
    const bytes = encoder.encode('{"a":"ü"}\n');
    expect(await all([bytes.slice(0, 7), bytes.slice(7)])).toEqual([{ a: 'ü' }]);
  });

  it('closes the connection when the reader stops', async () => {
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encoder.encode('{}\n')),
      cancel: () => void (isCancelled = true),
    });
    for await (const _line of readNdjson(endless)) break;
    expect(isCancelled).toBe(true);
  });
});
