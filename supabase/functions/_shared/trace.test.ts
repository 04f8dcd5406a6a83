import assert from 'node:assert/strict';
import { z } from 'zod';
import type { FinishedSpan, SpanExport } from '../../../shared/src/engine/tracing/finished-span.ts';
import { openSpanExport } from '../../../shared/src/engine/tracing/span-export.ts';
import { startTraceCollector } from '../../../shared/src/testing/trace-collector.ts';
import { logFailure, respond, succeed } from './answer.ts';
import { currentTrace, traced, type Handler } from './trace.ts';
import { assertMatches } from './testing/assert-matches.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SESSION = '5e551000-0000-4000-8000-000000000001';

async function lineOf(handler: Handler, headers: Record<string, string> = {}) {
  const { error: original } = console;
  const lines: string[] = [];
  console.error = (line: string) => lines.push(line);
  try {
    await traced('some', handler)(new Request('http://functions.local/some', { method: 'POST', headers }));
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

Deno.test('a request of a conversation is recorded in its trace', async () => {
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
      return (await (await traced('some', answer)(request)).json()).id;
    }),
  );
  assert.deepEqual(ids, ['a'.repeat(32), 'b'.repeat(32)]);
});

function keptSpans() {
  const { promise: first, resolve } = Promise.withResolvers<FinishedSpan>();
  const spans: SpanExport = { add: resolve, flush: () => Promise.resolve() };
  return { first, open: () => Promise.resolve(spans) };
}

const post = (headers: Record<string, string> = {}, body = '{}') =>
  new Request('http://functions.local/some?secret=canary-query', { method: 'POST', headers, body });

Deno.test('a request is a span, with the answer that it got', async () => {
  const { first, open } = keptSpans();
  const handler: Handler = (request) =>
    respond(request, 'some', z.object({}), () => {
      currentTrace()?.joinConversation(SESSION);
      return Promise.resolve({ status: 503, body: {} });
    });
  await traced('some', handler, open)(post({ traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }));
  const span = await first;
  assert.equal(span.context.traceId, SESSION.replaceAll('-', ''));
  assert.ok(span.endedAtMs >= span.startedAtMs);
  assertMatches(span, {
    name: 'some',
    kind: 'server',
    isError: true,
    attributes: {
      'http.route': '/functions/v1/some',
      'http.response.status_code': 503,
      'error.type': '503',
    },
  });
});

Deno.test('a request that is answered in a stream ends with it', async () => {
  const { first, open } = keptSpans();
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const handler: Handler = (request) =>
    respond(request, 'some', z.object({}), async (_body, { tell }) => {
      tell({ type: 'calling' });
      await answered;
      return succeed({});
    });
  const response = await traced('some', handler, open)(post({ accept: 'application/x-ndjson' }));
  const early = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 20, 'not yet'))]);
  assert.equal(early, 'not yet');
  answer();
  await response.text();
  assert.equal((await first).attributes['http.response.status_code'], 200);
});

Deno.test('an answer waits for no span, and comes where none can be sent', async () => {
  const never = () => new Promise<null>(() => {});
  const broken = () => Promise.reject(new Error('no SDK'));
  for (const open of [never, broken])
    assert.equal((await traced('some', () => new Response('well'), open)(post())).status, 200);
});

// The exporter keeps its connection, and a timer for the next batch.
const lasting = { sanitizeOps: false, sanitizeResources: false };

Deno.test('what is sent holds nothing of a request or its answer', lasting, async () => {
  const collector = await startTraceCollector();
  Deno.env.set('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  const spans = await openSpanExport(Deno.env.toObject(), 'patchbay-functions');
  const added = Promise.withResolvers<void>();
  const open = () =>
    Promise.resolve<SpanExport>({
      add: (span) => (spans?.add(span), added.resolve()),
      flush: () => Promise.resolve(),
    });
  const handler: Handler = (request) =>
    respond(request, 'some', z.object({ word: z.string() }), () =>
      Promise.reject(new TypeError('canary-error')),
    );
  const { error: original } = console;
  const lines: string[] = [];
  console.error = (line: string) => lines.push(line);
  try {
    const headers = {
      authorization: 'Bearer canary-token',
      apikey: 'canary-key',
      baggage: 'word=canary-baggage',
      tracestate: 'vendor=canary-state',
      traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
    };
    await traced('some', handler, open)(post(headers, '{"word":"canary-word"}'));
    await added.promise;
    await spans?.flush();
  } finally {
    console.error = original;
    Deno.env.delete('OTEL_EXPORTER_OTLP_ENDPOINT');
    await collector.close();
  }
  assert.deepEqual(
    collector.spans.map(({ name, traceId, parentSpanId }) => [name, traceId, parentSpanId]),
    [['some', TRACE, '00f067aa0ba902b7']],
  );
  assert.doesNotMatch(collector.raw() + lines.join(), /canary/);
});
