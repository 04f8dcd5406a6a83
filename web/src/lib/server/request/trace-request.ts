import { openSpanExport, type SpanExport } from '@patchbay/shared/engine/tracing/span-export';
import { TraceContext } from '@patchbay/shared/engine/tracing/trace-context';
import { isHttpError, isRedirect, type Handle } from '@sveltejs/kit';

type Spans = () => Promise<SpanExport | null>;

let opened: Promise<SpanExport | null> | undefined;
// Not SvelteKit's view of the environment: the exporter reads its variables from here.
const spansOfThisProcess: Spans = () => (opened ??= openSpanExport(process.env, 'patchbay-page'));

/** Gives each request its place in a trace; see `tracingWith`. */
export const traceRequest = tracingWith(spansOfThisProcess);

/**
 * Each request is a piece of its caller's trace, or begins one. Where the environment names an OTLP endpoint it becomes
 * a span, sent behind the answer. SvelteKit would trace by itself, but its spans hold whole addresses and words of
 * errors, and in addresses are invitations and sign-ins.
 */
export function tracingWith(spans: Spans): Handle {
  return async ({ event, resolve }) => {
    const context = new TraceContext(event.request.headers.get('traceparent'));
    event.locals.trace = context;
    const startedAtMs = Date.now();
    let status = 500;
    try {
      const response = await resolve(event);
      ({ status } = response);
      return response;
    } catch (thrown) {
      // What a hook behind this one throws becomes an answer only before it.
      if (isRedirect(thrown) || isHttpError(thrown)) ({ status } = thrown);
      throw thrown;
    } finally {
      const request = { method: event.request.method, routeId: event.route.id, status, startedAtMs };
      // Whoever watches asks for that every few seconds.
      if (request.routeId !== '/healthz') afterAnswer(tell(context, request, spans));
    }
  };
}

interface AnsweredRequest {
  method: string;
  /** As the folders of the routes are called, with no value in it; null where there is no such page. */
  routeId: string | null;
  status: number;
  startedAtMs: number;
}

async function tell(
  context: TraceContext,
  { method, routeId, status, startedAtMs }: AnsweredRequest,
  spans: Spans,
): Promise<void> {
  const endedAtMs = Date.now();
  const isError = status >= 500;
  const exporter = await spans();
  exporter?.add({
    name: routeId === null ? method : `${method} ${routeId}`,
    kind: 'server',
    context,
    startedAtMs,
    endedAtMs,
    attributes: {
      'http.request.method': method,
      'http.response.status_code': status,
      ...(routeId !== null && { 'http.route': routeId }),
      ...(isError && { 'error.type': String(status) }),
    },
    isError,
  });
  if (waitUntil()) await exporter?.flush();
}

/** What fails here costs a span and never an answer. */
function afterAnswer(telling: Promise<void>): void {
  const settled = telling.catch(() => {});
  waitUntil()?.(settled);
}

const VERCEL_REQUEST = Symbol.for('@vercel/request-context');
interface VercelGlobal {
  [VERCEL_REQUEST]?: { get?: () => { waitUntil?: (work: Promise<unknown>) => void } | undefined };
}

/** On Vercel a function may be frozen once it has answered, unless it says what it still does. */
function waitUntil(): ((work: Promise<unknown>) => void) | undefined {
  return (globalThis as VercelGlobal)[VERCEL_REQUEST]?.get?.()?.waitUntil;
}
