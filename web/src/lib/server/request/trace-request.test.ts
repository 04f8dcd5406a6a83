import type { FinishedSpan } from '@patchbay/shared/engine/tracing/finished-span';
import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import { afterEach, expect, it, vi } from 'vitest';
import { tracingWith } from './trace-request.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const VERCEL = Symbol.for('@vercel/request-context');
afterEach(() => void vi.unstubAllGlobals());

function someEvent(routeId: string | null = '/(app)/servers/[id]', headers: Record<string, string> = {}) {
  const request = new Request('http://page.local/servers/canary-id?next=canary-query', { headers });
  return { request, route: { id: routeId }, locals: {} } as unknown as RequestEvent;
}

async function spanOf(event: RequestEvent, resolve: () => Response): Promise<FinishedSpan> {
  const { promise, resolve: add } = Promise.withResolvers<FinishedSpan>();
  const handle = tracingWith(() => Promise.resolve({ add, flush: () => Promise.resolve() }));
  await Promise.resolve(handle({ event, resolve })).catch(() => undefined);
  return promise;
}

it("a request is a span of its caller's trace, named after its route", async () => {
  const event = someEvent(undefined, { traceparent: `00-${TRACE}-${CALLER}-01` });
  const span = await spanOf(event, () => new Response());
  expect(span.context).toBe(event.locals.trace);
  expect(span.context).toMatchObject({ traceId: TRACE, parentSpanId: CALLER });
  expect(span).toMatchObject({ name: 'GET /(app)/servers/[id]', kind: 'server', isError: false });
  expect(span.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': '/(app)/servers/[id]',
    'http.response.status_code': 200,
  });
  expect(span.endedAtMs).toBeGreaterThanOrEqual(span.startedAtMs);
  expect(JSON.stringify(span)).not.toContain('canary');
});

it('a request for an unknown path has no route', async () => {
  const span = await spanOf(someEvent(null), () => new Response(null, { status: 404 }));
  expect(span).toMatchObject({ name: 'GET', isError: false });
  expect(span.attributes).not.toHaveProperty('http.route');
});

it.each([
  ['a redirect', () => redirect(303, '/sign-in?next=canary'), 303, false],
  ['a refusal', () => error(503, 'canary'), 503, true],
  ['a failure', () => expect.fail('canary'), 500, true],
])('%s of a later hook is recorded with its status', async (_what, resolve, status, isError) => {
  const span = await spanOf(someEvent(), resolve);
  expect(span).toMatchObject({ isError, attributes: { 'http.response.status_code': status } });
  expect(JSON.stringify(span)).not.toContain('canary');
});

it('on Vercel, the platform waits until the span is sent', async () => {
  const waited: Promise<unknown>[] = [];
  vi.stubGlobal(VERCEL, {
    get: () => ({ waitUntil: (work: Promise<unknown>) => waited.push(work) }),
  });
  const flush = vi.fn(() => Promise.resolve());
  const handle = tracingWith(() => Promise.resolve({ add: () => undefined, flush }));
  await handle({ event: someEvent(), resolve: () => new Response() });
  await Promise.all(waited);
  expect(waited).toHaveLength(1);
  expect(flush).toHaveBeenCalledOnce();
});

it('a response does not wait for spans that cannot be sent', async () => {
  for (const spans of [() => Promise.reject(new Error('no SDK')), () => new Promise<null>(() => {})]) {
    const answer = await tracingWith(spans)({ event: someEvent(), resolve: () => new Response('well') });
    expect(answer.status).toBe(200);
  }
});

it('health requests are not traced', async () => {
  const spans = vi.fn(() => Promise.resolve(null));
  await tracingWith(spans)({ event: someEvent('/healthz'), resolve: () => new Response() });
  expect(spans).not.toHaveBeenCalled();
});
