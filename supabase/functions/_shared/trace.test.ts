import assert from 'node:assert/strict';
import { z } from 'zod';
import { logFailure, respond, succeed } from './answer.ts';
import { currentTrace, traced, type Handler } from './trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SESSION = '5e551000-0000-4000-8000-000000000001';

/** Asks a function that fails, and gives the line that it writes into the log. */
async function lineOf(handler: Handler, headers: Record<string, string> = {}) {
  const { error: original } = console;
  const lines: string[] = [];
  console.error = (line: string) => lines.push(line);
  try {
    await traced(handler)(new Request('http://functions.local/some', { method: 'POST', headers }));
  } finally {
    console.error = original;
  }
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0]!);
}

const fails: Handler = (request) =>
  respond(request, 'some', z.object({}), async () => {
    await Promise.resolve();
    throw new TypeError('broken');
  });

Deno.test('a line of the log has the trace that the caller began', async () => {
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
  assert.equal((await lineOf(fails, { traceparent })).trace_id, TRACE);
});

Deno.test('without one the function begins a trace, each request its own', async () => {
  const [first, second] = [(await lineOf(fails)).trace_id, (await lineOf(fails)).trace_id];
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(first, second);
});

Deno.test('what belongs to a conversation is told under its trace', async () => {
  const joins: Handler = () => {
    currentTrace()?.joinConversation(SESSION);
    logFailure('some', new TypeError('broken'));
    return new Response();
  };
  const line = await lineOf(joins, { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` });
  assert.equal(line.trace_id, SESSION.replaceAll('-', ''));
});

Deno.test('requests side by side do not mix their traces', async () => {
  const ids = await Promise.all(
    ['a', 'b'].map(async (digit) => {
      const traceparent = `00-${digit.repeat(32)}-00f067aa0ba902b7-01`;
      const answer: Handler = (request) =>
        respond(request, 'some', z.object({}), async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return succeed({ id: currentTrace()?.traceId });
        });
      const request = new Request('http://functions.local/some', {
        method: 'POST',
        headers: { traceparent },
      });
      return (await (await traced(answer)(request)).json()).id;
    }),
  );
  assert.deepEqual(ids, ['a'.repeat(32), 'b'.repeat(32)]);
});
