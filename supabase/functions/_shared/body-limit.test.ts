import assert from 'node:assert/strict';
import { z } from 'zod';
import { respond, succeed } from './answer.ts';
import { traced } from './trace.ts';

const echo = traced('some', (request) =>
  respond(request, 'some', z.object({ text: z.string() }), ({ text }) =>
    Promise.resolve(succeed({ length: text.length })),
  ),
);
const post = (body: BodyInit) =>
  echo(new Request('http://functions.local/some', { method: 'POST', body, duplex: 'half' } as RequestInit));

Deno.test('a function takes a body of almost 5 MB', async () => {
  const response = await post(JSON.stringify({ text: 'x'.repeat(5_000_000) }));
  assert.deepEqual([response.status, await response.json()], [200, { length: 5_000_000 }]);
});

Deno.test('a function refuses an endless body after 5 MB, and says so', async () => {
  let sent = 0;
  const piece = new Uint8Array(65_536).fill(120);
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += piece.length;
      controller.enqueue(piece);
    },
  });
  const { error } = console;
  console.error = () => {};
  const response = await post(endless);
  console.error = error;
  assert.equal(response.status, 413);
  const message = 'The request is larger than 5 MB. Send less at once.';
  assert.deepEqual(await response.json(), { code: 'body_too_large', message });
  assert.ok(sent < 6 * 2 ** 20);
});
