import { expect, it } from 'vitest';
import { MAX_BODY_BYTES, withBodyLimit } from './body-limit.ts';

const MB = 2 ** 20;
const refuse = () => new Response('too large', { status: 413 });

/** A body that would go on for ever; counts the bytes that were read of it. */
function endless(piece: Uint8Array) {
  const read = { bytes: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        read.bytes += piece.length;
        controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, read };
}

const post = (
  body: string | Uint8Array<ArrayBuffer> | ReadableStream,
  headers: Record<string, string> = {},
) => new Request('http://127.0.0.1/', { method: 'POST', body, headers, duplex: 'half' });

it('a body of 5 MB is handed on whole, and one byte more is refused', async () => {
  const size = async (bytes: number): Promise<[number, string]> => {
    const length = async (request: Request) => new Response(String((await request.bytes()).length));
    const response = await withBodyLimit(post(new Uint8Array(bytes)), length, refuse);
    return [response.status, await response.text()];
  };
  expect(await size(MAX_BODY_BYTES)).toEqual([200, String(MAX_BODY_BYTES)]);
  expect(await size(MAX_BODY_BYTES + 1)).toEqual([413, 'too large']);
});

it('an endless body is refused after 5 MB, whatever the handler makes of the error', async () => {
  for (const onError of ['throws', 'answers 500']) {
    const { stream, read } = endless(new Uint8Array(64 * 1024));
    const handle = async (request: Request) => {
      const text = request.text();
      return new Response(onError === 'throws' ? await text : await text.catch(() => 'broken'));
    };
    expect((await withBodyLimit(post(stream), handle, refuse)).status).toBe(413);
    expect(read.bytes).toBeLessThan(MAX_BODY_BYTES + MB);
  }
});

it('a length beyond the limit is refused before anything is read, and a false one is not believed', async () => {
  const { stream, read } = endless(new Uint8Array(1_024));
  const honest = post(stream, { 'content-length': String(300 * MB) });
  expect((await withBodyLimit(honest, () => new Response('handled'), refuse)).status).toBe(413);
  expect(read.bytes).toBe(0);
  const false_ = post(endless(new Uint8Array(1_024)).stream, { 'content-length': '10' });
  const read_ = async (request: Request) => new Response(await request.text());
  expect((await withBodyLimit(false_, read_, refuse)).status).toBe(413);
});

it('a form of a million fields is refused, and other text with as many ampersands is not', async () => {
  const text = 'a&'.repeat(1_000_000);
  const status = async (type: string) =>
    (
      await withBodyLimit(
        post(text, { 'content-type': type }),
        async (request) => new Response(String((await request.text()).length)),
        refuse,
      )
    ).status;
  expect(await status('application/x-www-form-urlencoded; charset=utf-8')).toBe(413);
  expect(await status('text/plain')).toBe(200);
});

it('a body that nobody reads is left alone', async () => {
  const { stream, read } = endless(new Uint8Array(1_024));
  const response = await withBodyLimit(post(stream), () => new Response('sign in', { status: 303 }), refuse);
  expect(response.status).toBe(303);
  expect(read.bytes).toBe(0);
});
