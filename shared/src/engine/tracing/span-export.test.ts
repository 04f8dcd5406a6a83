import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FinishedSpan } from './finished-span.ts';
import { openSpanExport } from './span-export.ts';
import { startTraceCollector } from '../../testing/trace-collector.ts';
import { TraceContext } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const SESSION = '5e551000-0000-4000-8000-000000000001';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Sends spans of these contexts, and gives what arrived. */
async function send(...contexts: TraceContext[]) {
  const collector = await startTraceCollector();
  cleanups.push(() => collector.close());
  // The exporter reads the variable itself.
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  const spans = await openSpanExport(process.env, 'patchbay-test');
  for (const context of contexts) spans?.add(spanOf(context));
  await spans?.flush();
  return collector;
}

function spanOf(context: TraceContext): FinishedSpan {
  return {
    name: 'some',
    kind: 'server',
    context,
    startedAtMs: 1_790_000_000_000,
    endedAtMs: 1_790_000_000_250,
    attributes: { 'http.route': '/some' },
    isError: false,
  };
}

describe('spans', () => {
  it('are off without an endpoint', async () => {
    expect(await openSpanExport({}, 'patchbay-test')).toBeNull();
    expect(await openSpanExport({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 'patchbay-test')).toBeNull();
  });

  it('keep the ids that their context has already passed on', async () => {
    const asked = new TraceContext(`00-${TRACE}-${CALLER}-01`);
    const begun = new TraceContext();
    const { spans, raw } = await send(asked, begun);
    expect(spans).toMatchObject([
      {
        traceId: TRACE,
        spanId: asked.spanId,
        parentSpanId: CALLER,
        name: 'some',
        startedAtMs: 1_790_000_000_000,
        endedAtMs: 1_790_000_000_250,
        attributes: { 'http.route': '/some' },
      },
      { traceId: begun.traceId, spanId: begun.spanId, parentSpanId: '' },
    ]);
    expect(raw()).toContain('patchbay-test');
  });

  it('name their conversation and belong to its trace', async () => {
    const context = new TraceContext(`00-${TRACE}-${CALLER}-00`);
    context.joinConversation(SESSION);
    const [span] = (await send(context)).spans;
    expect(span).toMatchObject({
      traceId: SESSION.replaceAll('-', ''),
      parentSpanId: '',
      attributes: { 'gen_ai.conversation.id': SESSION },
    });
  });

  it('are not sent if the caller does not record the trace', async () => {
    expect((await send(new TraceContext(`00-${TRACE}-${CALLER}-00`))).spans).toEqual([]);
  });

  it('are dropped without other effects if they cannot be sent', { timeout: 20_000 }, async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '200');
    const spans = await openSpanExport(process.env, 'patchbay-test');
    spans?.add(spanOf(new TraceContext()));
    await expect(spans?.flush()).resolves.toBeUndefined();
  });
});
