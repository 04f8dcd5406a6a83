import { setTimeout as sleep } from 'node:timers/promises';
import { initializeLogger, llm, voice } from '@livekit/agents';
import { trace } from '@opentelemetry/api';
import {
  type CollectedSpan,
  type TraceCollector,
  startTraceCollector,
} from '@patchbay/shared/testing/trace-collector';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Environment } from '../environment.ts';
import { createPatchedModel } from '@patchbay/livekit/model/workarounds/patched-model';
import { FakeModel } from '@patchbay/livekit/testing/fake-model';
import { traceCall } from './trace-call.ts';
import { startTracing } from './tracing.ts';

const SESSION = '5e551000-0000-4000-8000-000000000001';
const QUEUE_MS = 10;

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A conversation with one question that a tool answers, in which a password is said. */
async function converse(): Promise<void> {
  const fake = new FakeModel();
  await fake.start();
  cleanups.push(() => fake.stop());
  fake.decide = (items) =>
    items.at(-1)?.type === 'function_call_output'
      ? { say: 'It is hunter2 o clock.' }
      : { call: 'clock__now', arguments: '{"password":"hunter2"}' };
  const tool = llm.tool({
    name: 'clock__now',
    description: 'The time',
    execute: async () => {
      const startedAt = new Date();
      await sleep(3 * QUEUE_MS);
      traceCall({
        id: 'call-1',
        session_id: SESSION,
        server_id: 'server-1',
        tool_name: 'now',
        arguments: { password: 'hunter2' },
        outcome: 'ok',
        error_code: null,
        started_at: startedAt.toISOString(),
        queue_ms: QUEUE_MS,
        duration_ms: Date.now() - startedAt.getTime(),
        result_bytes: 7,
      });
      return 'hunter2';
    },
  });
  const session = new voice.AgentSession({
    llm: createPatchedModel({ baseURL: fake.url, apiKey: 'key', modalities: ['text'] }),
    vad: null,
    turnHandling: { turnDetection: null },
    userAwayTimeout: null,
  });
  const answered = Promise.withResolvers<void>();
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    if (item.type === 'message' && item.role === 'assistant') answered.resolve();
  });
  await session.start({
    agent: new voice.Agent({ instructions: 'The word is hunter2.', tools: [tool] }),
    record: false,
  });
  session.generateReply({ userInput: 'my password is hunter2, what time is it?' });
  await answered.promise;
  await session.close();
}

function environmentOf(collector: TraceCollector): Environment {
  // The exporter reads the variable itself.
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } as Environment;
}

describe('traces', () => {
  it('are off without an endpoint', () => {
    expect(startTracing({} as Environment, SESSION)).toBeNull();
    expect(trace.getTracer('patchbay').startSpan('x').isRecording()).toBe(false);
  });

  it('show a turn with its call in one trace, and none of the words', async () => {
    const collector = await startTraceCollector();
    cleanups.push(() => collector.close());
    const tracing = startTracing(environmentOf(collector), SESSION);
    await converse();
    await tracing?.stop(5_000);

    const { spans } = collector;
    const named = (name: string): CollectedSpan[] => spans.filter((span) => span.name === name);
    const [call] = named('execute_tool now');
    const [queue] = named('queue');
    const [request] = named('tools/call now');
    const turns = named('agent_turn');
    expect(turns).toHaveLength(2);
    expect(named('realtime_inference')).toHaveLength(2);
    expect(turns.map(({ spanId }) => spanId)).toContain(call?.parentSpanId);
    expect([queue?.parentSpanId, request?.parentSpanId]).toEqual([call?.spanId, call?.spanId]);
    expect((queue?.endedAtMs ?? 0) - (queue?.startedAtMs ?? 0)).toBe(QUEUE_MS);
    expect(request?.startedAtMs).toBe(queue?.endedAtMs);
    expect(request?.attributes).toMatchObject({
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'now',
      'gen_ai.conversation.id': SESSION,
      'patchbay.outcome': 'ok',
    });

    const ofTurn = [
      call,
      queue,
      request,
      ...turns,
      ...named('realtime_inference'),
      ...named('agent_session'),
    ];
    // Of the name that the conversation has in the database and in the log.
    expect(new Set(ofTurn.map((span) => span?.traceId))).toEqual(new Set([SESSION.replaceAll('-', '')]));
    expect(collector.raw()).not.toContain('hunter2');
  });
});
