/** A running voice session for tests of tool calls: the framework, our connection and a real MCP server; the model is scripted. */
import { initializeLogger, voice } from '@livekit/agents';
import type { RecordedCall } from '@patchbay/shared/contract/schema/session';
import type { Connection } from '@patchbay/shared/engine/session/connection';
import { openConnection } from '@patchbay/shared/engine/session/open-connection';
import { afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { type SessionServer, startSessionServer } from '../../../shared/test/support/session-server.ts';
import type { CallableLink } from '../calls/call-outcome.ts';
import { SpeechScheduler } from '../calls/speech-scheduler.ts';
import { ToolLatencies } from '../calls/tool-latencies.ts';
import { createVoiceTool } from '../calls/voice-tool.ts';
import { FakeModel } from './fake-model.ts';
import type { FakeItem } from './fake-protocol.ts';
import { modelTool } from './model-tool.ts';
import { textModel } from './text-model.ts';

export const until = (condition: () => unknown, timeout = 20_000) =>
  expect.poll(condition, { timeout, interval: 5 }).toBeTruthy();

/** Calls what the user named, says what it is instructed to say, and reads out the newest output. */
export function rehearsing(items: readonly FakeItem[], instructions: string) {
  const sentence = /: "([^"]+)"/.exec(instructions)?.[1];
  if (sentence) return { say: sentence };
  // A filler that was cut off may stand behind what the user said over it.
  const last = items.findLast(({ role }) => role !== 'assistant');
  if (last?.type === 'function_call_output') return { say: `Result: ${last.output}` };
  const words = last?.content?.[0]?.text ?? '';
  const all = /^(?:(.+): )?call all (.+)/.exec(words);
  if (all)
    return {
      ...(all[1] && { preamble: all[1] }),
      calls: (all[2] ?? '').split(' ').map((call) => ({ call, arguments: '{}' })),
    };
  const name = /^call (\w+)(.*)/.exec(words);
  return name ? { call: name[1] ?? '', arguments: name[2]?.trim() || '{}' } : { say: `You said ${words}.` };
}

/** A scripted model and an MCP server for each test. */
export function useCallFixture() {
  let fake: FakeModel;
  let server: SessionServer;
  const cleanups: (() => Promise<unknown>)[] = [];
  vi.setConfig({ testTimeout: 60_000 });
  beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));
  beforeEach(async () => {
    fake = new FakeModel();
    server = await startSessionServer();
    await fake.start();
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await server.stop();
    await fake.stop();
  });
  return {
    get fake() {
      return fake;
    },
    get server() {
      return server;
    },
    conversation: async ({ repeatable = true }: { repeatable?: boolean } = {}) => {
      const made = await conversation(fake, server, repeatable);
      cleanups.push(made.close);
      return made;
    },
    /** Holds the server's results back until the returned function is called. */
    gate(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.beforeAnswer = () => promise;
      return resolve;
    },
  };
}

async function conversation(fake: FakeModel, server: SessionServer, repeatable: boolean) {
  const said: string[] = [];
  const heard: string[] = [];
  const calls: RecordedCall[] = [];
  const lines: string[] = [];
  const running: Promise<void>[] = [];
  const latencies = new ToolLatencies();
  fake.decide = rehearsing;
  const model = textModel(fake);
  const { session, agent } = model;
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    if (item.type !== 'message') return;
    (item.role === 'assistant' ? said : heard).push(item.textContent ?? '');
  });
  const faults: unknown[] = [];
  const scheduler = new SpeechScheduler({ model, onFault: (error) => faults.push(error) });
  const connection: Connection = openConnection(
    {
      serverId: 's',
      configVersion: 1,
      url: server.url,
      transport: 'streamable_http',
      credential: { method: 'none' },
      callTimeoutMs: 30_000,
      maxConcurrency: 4,
    },
    { policy: 'local' },
  );
  const link: CallableLink = {
    call: (name, args, options) => connection.call(name, args, options),
    outage: null,
    isWithdrawn: false,
    liveTools: null,
    reportOutage: () => false,
  };
  const tools = server.tools.map((raw) =>
    modelTool((raw as { name: string }).name, { serverName: 'fixture', repeatable }),
  );
  await agent.updateTools(
    tools.map((tool) =>
      createVoiceTool(tool, {
        sessionId: 'session',
        currentOf: (tool) => tool,
        linkOf: () => link,
        scheduler,
        latencies,
        toBackground: (_callId, notice) => {
          if (notice) lines.push(notice);
        },
        onRunning: (over) => running.push(over),
        onActivity: () => {},
        onCall: (call) => calls.push(call),
        onFault: () => {},
        now: Date.now,
      }),
    ),
  );
  await session.start({ agent, record: false });
  const close = async () => {
    await session.close();
    await connection.close();
  };
  /** Types as the user does in the room. */
  const type = (userInput: string) => {
    session.interrupt();
    session.generateReply({ userInput });
  };
  const outputs = () => fake.items.filter((item) => item.type === 'function_call_output');
  const usually = (name: string, ms: number) => {
    const tool = tools.find((one) => one.name === name);
    if (tool) latencies.note(tool, ms);
  };
  return { session, connection, said, heard, lines, running, calls, faults, type, outputs, usually, close };
}
