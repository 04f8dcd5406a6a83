import assert from 'node:assert/strict';
import { z } from 'zod';
import { AppError } from '../../../shared/src/contract/errors.ts';
import { respond, succeed } from './answer.ts';
import { DatabaseRefusal } from './read.ts';
import { assertMatches } from './testing/assert-matches.ts';

const Body = z.object({ name: z.string().min(1, 'Give it a name.'), count: z.int().default(1) });

async function call(
  body: string | undefined,
  handle = (value: object) => Promise.resolve(succeed(value)),
  method = 'POST',
) {
  const request = new Request('http://functions.local/some', {
    method,
    ...(body === undefined ? {} : { body }),
  });
  const response = await respond(request, 'some-function', Body, handle);
  return { status: response.status, body: await response.json(), headers: response.headers };
}

async function callFailing(error: unknown) {
  const lines: string[] = [];
  const { error: original } = console;
  console.error = (...words: unknown[]) => lines.push(words.join(' '));
  try {
    return { ...(await call('{"name":"a"}', () => Promise.reject(error))), log: lines.join('\n') };
  } finally {
    console.error = original;
  }
}

Deno.test('a body that fits is handed on with its defaults', async () => {
  const { status, body } = await call('{"name":"a"}');
  assert.equal(status, 200);
  assert.deepEqual(body, { name: 'a', count: 1 });
});

Deno.test('a body that fails its schema gets 400 with the field errors', async () => {
  const { status, body } = await call('{"name":"","count":1.5}');
  assert.equal(status, 400);
  assert.equal(body.code, 'invalid_body');
  assert.deepEqual(Object.keys(body.field_errors).sort(), ['count', 'name']);
  assert.deepEqual(body.field_errors.name, [{ code: 'required', message: 'Give it a name.' }]);
  assert.equal(body.field_errors.count[0].code, 'wrong_type');
});

Deno.test('no body counts as an empty object, text that is no JSON does not', async () => {
  assert.deepEqual(Object.keys((await call(undefined)).body.field_errors), ['name']);
  const { status, body } = await call('{name');
  assert.equal(status, 400);
  assert.equal(body.code, 'invalid_json');
});

Deno.test('other methods are refused', async () => {
  const { status, headers } = await call(undefined, undefined, 'GET');
  assert.equal(status, 405);
  assert.match(headers.get('allow') ?? '', /POST/);
});

Deno.test('a rule of the database is returned with its status', async () => {
  const { status, body } = await callFailing(
    new DatabaseRefusal(409, "This server doesn't use a credential."),
  );
  assert.equal(status, 409);
  assert.deepEqual(body, { code: 'refused', message: "This server doesn't use a credential." });
  const named = await callFailing(new DatabaseRefusal(409, 'Reload it.', { code: 'server_changed' }));
  assert.deepEqual(named.body, { code: 'server_changed', message: 'Reload it.' });
});

Deno.test('a limit is returned with its numbers, and a rate limit with the time to wait', async () => {
  const limit = { limit: 'servers', allowed: 3, used: 3 };
  const full = await callFailing(new DatabaseRefusal(409, 'Three are enough.', { limit }));
  assert.deepEqual(full.body, { code: 'limit_reached', message: 'Three are enough.', ...limit });
  assert.equal(full.headers.get('retry-after'), null);
  const rate = { limit: 'probes_per_minute', allowed: 60, used: 60, retry_after_s: 7 };
  const fast = await callFailing(new DatabaseRefusal(429, 'Not so fast.', { limit: rate }));
  assert.equal(fast.status, 429);
  assert.equal(fast.headers.get('retry-after'), '7');
  assert.equal(fast.body.retry_after_s, 7);
});

Deno.test('an unforeseen error tells the caller nothing, and neither answer nor log quotes it', async () => {
  const { status, body, log } = await callFailing(new TypeError('cannot read sk-very-secret'));
  assert.equal(status, 500);
  assert.equal(body.code, 'internal');
  assert.doesNotMatch(JSON.stringify(body) + log, /sk-very-secret/);
  const line = JSON.parse(log);
  assertMatches(line, {
    level: 'error',
    function: 'some-function',
    message: 'some-function failed. TypeError',
  });
  assert.match(line.stack, /^ +at /);
  const ours = await callFailing(new AppError('internal', { message: 'PATCHBAY_SECRETS_KEYS is not set.' }));
  assert.match(ours.log, /PATCHBAY_SECRETS_KEYS is not set/);
  assert.doesNotMatch(JSON.stringify(ours.body), /PATCHBAY_SECRETS_KEYS/);
});

Deno.test('a caller who asks for it hears what happens as it happens, and the answer last', async () => {
  const request = (body: string) =>
    new Request('http://functions.local/some', {
      method: 'POST',
      body,
      headers: { accept: 'application/x-ndjson' },
    });
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const response = await respond(request('{"name":"a"}'), 'some-function', Body, async (body, { tell }) => {
    tell({ type: 'calling' });
    await answered;
    return succeed(body);
  });
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, '{"type":"calling"}\n');
  answer();
  assert.deepEqual(JSON.parse((await reader.read()).value!), { type: 'answer', name: 'a', count: 1 });
  assert.equal((await reader.read()).done, true);

  const refused = await respond(request('{}'), 'some-function', Body, () =>
    Promise.reject(new Error('not called')),
  );
  assert.equal(refused.status, 400);
});

Deno.test('the work learns that its caller has gone away', async () => {
  const request = new Request('http://functions.local/some', {
    method: 'POST',
    body: '{"name":"a"}',
    headers: { accept: 'application/x-ndjson' },
  });
  const { promise: gone, resolve: noticed } = Promise.withResolvers<void>();
  const response = await respond(request, 'some-function', Body, async (body, { tell, signal }) => {
    signal.addEventListener('abort', () => noticed());
    tell({ type: 'calling' });
    await gone;
    return succeed(body);
  });
  await response.body!.cancel();
  await gone;
});

Deno.test('reports of progress do not pile up for a caller who does not read them', async () => {
  const request = new Request('http://functions.local/some', {
    method: 'POST',
    body: '{"name":"a"}',
    headers: { accept: 'application/x-ndjson' },
  });
  const response = await respond(request, 'some-function', Body, (_body, { tell }) => {
    for (let progress = 0; progress < 5_000; progress += 1) tell({ type: 'progress', progress });
    return Promise.resolve(succeed({ done: true }));
  });
  const lines = (await response.text()).trim().split('\n');
  assert.ok(lines.length < 100, `${lines.length} lines`);
  assertMatches(JSON.parse(lines.at(-1) ?? ''), { type: 'answer', done: true });
});
