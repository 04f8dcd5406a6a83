import type { SpanExport } from '@patchbay/shared/engine/tracing/finished-span';
import { openSpanExport } from '@patchbay/shared/engine/tracing/span-export';
import { TraceContext } from '@patchbay/shared/engine/tracing/trace-context';
import { isHttpError, isRedirect, type Handle } from '@sveltejs/kit';

type Spans = () => Promise<SpanExport | null>;

let opened: Promise<SpanExport | null> | undefined;
// The exporter reads its own variables from process.env.
const spansOfThisProcess: Spans = () => (opened ??= openSpanExport(process.env, 'patchbay-page'));

export const traceRequest = tracingWith(spansOfThisProcess);

/**
 * Continues the caller's trace or begins one, and exports a span after the response if the environment names an OTLP
 * endpoint. SvelteKit's own spans hold whole URLs and error messages, which may contain invitations and sign-ins.
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
      // A redirect or error thrown by a later hook becomes a response only in SvelteKit itself.
      if (isRedirect(thrown) || isHttpError(thrown)) ({ status } = thrown);
      throw thrown;
    } finally {
      const request = { method: event.request.method, routeId: event.route.id, status, startedAtMs };
      // Health checks come every few seconds.
      if (request.routeId !== '/healthz') afterAnswer(tell(context, request, spans));
    }
  };
}

interface AnsweredRequest {
  method: string;
  /** The route's pattern, without values; null if no route matches. */
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

/** A failed export must not fail the response. */
function afterAnswer(telling: Promise<void>): void {
  const settled = telling.catch(() => {});
  waitUntil()?.(settled);
}

const VERCEL_REQUEST = Symbol.for('@vercel/request-context');
interface VercelGlobal {
  [VERCEL_REQUEST]?: { get?: () => { waitUntil?: (work: Promise<unknown>) => void } | undefined };
}

/** Vercel may freeze a function once it has responded, unless it registers the remaining work. */
function waitUntil(): ((work: Promise<unknown>) => void) | undefined {
  return (globalThis as VercelGlobal)[VERCEL_REQUEST]?.get?.()?.waitUntil;
}
