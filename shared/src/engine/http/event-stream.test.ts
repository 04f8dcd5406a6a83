import { expect, it } from 'vitest';
import { rewriteEventStream } from './event-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** What comes out when the stream arrives in these pieces. */
async function rewritten(pieces: Uint8Array[], charset = 'utf-8', maxEventChars = 1_000) {
  const cut: string[] = [];
  const ends: (string | null)[] = [];
  const stream = rewriteEventStream(ReadableStream.from(pieces), {
    charset,
    maxEventChars,
    rewrite: (event, isCut) => {
      if (isCut) cut.push(event.data);
      return [event];
    },
    onEnd: (error) => ends.push(error?.code ?? null),
  });
  const text = await new Response(stream).text().catch((error: Error) => error.message);
  return { text, cut, ends };
}

it.each(['\n', '\r\n', '\r'])('reads lines that end in %j, also when each byte comes alone', async (end) => {
  const source = bytes(['id: 1', 'event: note', 'data: ä€😀', 'data: two', '', ''].join(end));
  const text = 'id: 1\nevent: note\ndata: ä€😀\ndata: two\n\n';
  expect(await rewritten([source])).toEqual({ text, cut: [], ends: [null] });
  const oneByOne = [...source].map((byte) => Uint8Array.of(byte));
  expect(await rewritten(oneByOne)).toEqual({ text, cut: [], ends: [null] });
});

it('passes an event on as soon as its line ends, whatever ends it', async () => {
  const source = new TransformStream<Uint8Array>();
  const writer = source.writable.getWriter();
  const stream = rewriteEventStream(source.readable, {
    charset: 'utf-8',
    maxEventChars: 100,
    rewrite: (event) => [event],
    onEnd: () => {},
  });
  void writer.write(bytes('data: now\r\r'));
  const { value } = await stream.getReader().read();
  expect(new TextDecoder().decode(value)).toBe('data: now\n\n');
});

it('drops a byte order mark and comments, and keeps the retry time', async () => {
  const { text } = await rewritten([bytes('\uFEFF: hello\nretry: 50\n\ndata: x\n\n')]);
  expect(text).toBe('retry: 50\n\ndata: x\n\n');
});

it('lets a server ask for a pause of a minute at most before the next attempt', async () => {
  const source = 'retry: 60000\n\nretry: 60001\n\nretry: 99999999999999999999\n\n';
  expect(await rewritten([bytes(source)])).toMatchObject({ text: 'retry: 60000\n\n'.repeat(3) });
});

it('takes an event at the end without its blank line, and says that it may be cut', async () => {
  expect(await rewritten([bytes('data: whole\n\ndata: last')])).toEqual({
    text: 'data: whole\n\ndata: last\n\n',
    cut: ['last'],
    ends: [null],
  });
});

it('reads another charset', async () => {
  const latin = Uint8Array.from('data: caf\u00e9\n\n', (character) => character.charCodeAt(0));
  expect((await rewritten([latin], 'windows-1252')).text).toBe('data: café\n\n');
});

it('takes a body of plain JSON for one event', async () => {
  const pieces = ['\n {"a":', '1,\n"b":2}\n'].map(bytes);
  expect((await rewritten(pieces)).text).toBe('data: \ndata:  {"a":1,\ndata: "b":2}\ndata: \n\n');
  expect((await rewritten([bytes(`{${'x'.repeat(2_000)}`)])).ends).toEqual(['response_too_large']);
});

it('stops at an event beyond the limit, in one line or in many', async () => {
  const line = `data: ${'x'.repeat(60)}\n`;
  for (const source of [line.repeat(20), `data: ${'x'.repeat(1_200)}`]) {
    const { ends } = await rewritten([bytes(source)]);
    expect(ends).toEqual(['response_too_large']);
  }
  expect((await rewritten([bytes(`${line}\n`.repeat(40))])).ends).toEqual([null]);
});
