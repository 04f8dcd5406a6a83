import { TraceContext } from '@patchbay/shared/engine/tracing/trace-context';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { discoverTools, dispatchAgent, openVoiceSession } from './edge-functions.ts';
import type { SignedIn } from './auth/session.ts';

vi.mock('./settings.ts', () => ({
  settings: () => ({ supabaseUrl: 'http://supabase.local', publishableKey: 'key' }),
}));

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SESSION = '5e551000-0000-4000-8000-000000000001';

let sent: Headers[];
let answer: object;
beforeEach(() => {
  sent = [];
  vi.stubGlobal('fetch', (_url: string, { headers }: RequestInit) => {
    sent.push(new Headers(headers));
    return Promise.resolve(Response.json(answer));
  });
});
afterEach(() => vi.unstubAllGlobals());

function someone(): SignedIn {
  return {
    accessToken: 'token',
    trace: new TraceContext(`00-${TRACE}-00f067aa0ba902b7-01`),
  } as SignedIn;
}

it('an edge function continues the trace of the request', async () => {
  answer = { added: [], changed: [], removed: [], tools: [] };
  const who = someone();
  await discoverTools(who, { server_id: SESSION });
  expect(sent.map((headers) => headers.get('traceparent'))).toEqual([`00-${TRACE}-${who.trace.spanId}-01`]);
});

it("dispatching an agent is part of the conversation's trace", async () => {
  answer = { dispatched: true };
  const who = someone();
  await dispatchAgent(who, { session_id: SESSION });
  const traceId = SESSION.replaceAll('-', '');
  expect(sent.map((headers) => headers.get('traceparent'))).toEqual([`00-${traceId}-${who.trace.spanId}-01`]);
});

it('opening a conversation joins its trace once the ID is known', async () => {
  answer = { session_id: SESSION, url: 'ws://x', token: 't', room_name: 'r' };
  const who = someone();
  await openVoiceSession(who, {});
  expect(who.trace.traceId).toBe(SESSION.replaceAll('-', ''));
});
