import { AsyncLocalStorage } from 'node:async_hooks';
import { BODY_TOO_LARGE, withBodyLimit } from '../../../shared/src/engine/outgoing/body-limit.ts';
import type { SpanExport } from '../../../shared/src/engine/tracing/finished-span.ts';
import { openSpanExport } from '../../../shared/src/engine/tracing/span-export.ts';
import { TraceContext } from '../../../shared/src/engine/tracing/trace-context.ts';

export type Handler = (request: Request) => Response | Promise<Response>;

interface Work {
  context: TraceContext;
  rest: Promise<unknown>;
}

const current = new AsyncLocalStorage<Work>();

/**
 * Lets everything that a function does for a request know the trace that it belongs to, and limits the body of the
 * request: the outermost of what a function is made of. Where the environment names an
 * OTLP endpoint, each request becomes a span, sent behind its answer.
 * @param name of the function, and of the span
 */
export function traced(name: string, handler: Handler, spans: SpansOf = spansOfThisProcess): Handler {
  return async (request) => {
    const work: Work = {
      context: new TraceContext(request.headers.get('traceparent')),
      rest: Promise.resolve(),
    };
    const startedAtMs = Date.now();
    const tell = (status: number) => afterAnswer(tellOf(name, work, { startedAtMs, status }, spans));
    try {
      const response = await current.run(work, () => withBodyLimit(request, handler, refuseBody));
      // CORS preflights are not traced.
      if (request.method !== 'OPTIONS') tell(response.status);
      return response;
    } catch (error) {
      tell(500);
      throw error;
    }
  };
}

function refuseBody(): Response {
  const body = { code: 'body_too_large', message: BODY_TOO_LARGE };
  return Response.json(body, { status: 413, headers: { 'access-control-allow-origin': '*' } });
}

/** Of the request that is being answered; undefined outside of one. */
export function currentTrace(): TraceContext | undefined {
  return current.getStore()?.context;
}

/** The request is over when this is: an answer that is a stream begins long before its end. */
export function holdSpan(rest: Promise<unknown>): void {
  const work = current.getStore();
  if (work) work.rest = rest;
}

type SpansOf = () => Promise<SpanExport | null>;

let opened: Promise<SpanExport | null> | undefined;
const spansOfThisProcess: SpansOf = () =>
  (opened ??= openSpanExport(Deno.env.toObject(), 'patchbay-functions'));

async function tellOf(
  name: string,
  { context, rest }: Work,
  { startedAtMs, status }: { startedAtMs: number; status: number },
  spans: SpansOf,
): Promise<void> {
  await rest.catch(() => {});
  const endedAtMs = Date.now();
  const isError = status >= 500;
  const exporter = await spans();
  exporter?.add({
    name,
    kind: 'server',
    context,
    startedAtMs,
    endedAtMs,
    attributes: {
      'http.route': `/functions/v1/${name}`,
      'http.response.status_code': status,
      ...(isError && { 'error.type': String(status) }),
    },
    isError,
  });
  // A hosted function may be frozen or ended as soon as nothing is awaited.
  if (edgeRuntime) await exporter?.flush();
}

interface EdgeRuntime {
  waitUntil(work: Promise<unknown>): void;
}
const { EdgeRuntime: edgeRuntime } = globalThis as { EdgeRuntime?: EdgeRuntime };

/** A failure here costs a span, never the response. */
function afterAnswer(work: Promise<void>): void {
  const settled = work.catch(() => {});
  edgeRuntime?.waitUntil(settled);
}
