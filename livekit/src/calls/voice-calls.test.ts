/** Calls in a running voice session: the framework, our connection and a real MCP server; the model is scripted. */
import { initializeLogger, voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { type Connection, openConnection } from '@patchbay/shared/engine/session/connection';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SessionServer, startSessionServer, tool } from '../../../shared/test/support/session-server.ts';
import type { RecordedCall } from '@patchbay/shared/contract/schema/session';
import { SpeechScheduler } from './speech-scheduler.ts';
import { createPatchedModel } from '../model/workarounds/patched-model.ts';
import { modelTool } from '../testing/model-tool.ts';
import { FakeModel } from '../testing/fake-model.ts';
import type { FakeItem } from '../testing/fake-protocol.ts';
import { ToolLatencies } from './tool-latencies.ts';
import { createAgentSession } from '../model/voice-model.ts';
import { type CallableLink, createVoiceTool } from './voice-tool.ts';

vi.setConfig({ testTimeout: 60_000 });
beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

let fake: FakeModel;
let server: SessionServer;
const cleanups: (() => Promise<unknown>)[] = [];
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

const until = (condition: () => unknown, timeout = 20_000) =>
  expect.poll(condition, { timeout, interval: 5 }).toBeTruthy();

/** Calls what the user named; says what it is told to say, and the newest output. */
function rehearsing(items: readonly FakeItem[], instructions: string) {
  const told = /: "([^"]+)"/.exec(instructions)?.[1];
  if (told) return { say: told };
  // A sign of life that was cut off may stand behind what the user said over it.
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

async function conversation({ repeatable = true }: { repeatable?: boolean } = {}) {
  const said: string[] = [];
  const heard: string[] = [];
  const calls: RecordedCall[] = [];
  const lines: string[] = [];
  const running: Promise<void>[] = [];
  const latencies = new ToolLatencies();
  fake.decide = rehearsing;
  const made = Promise.withResolvers<realtime.RealtimeSession>();
  const model = createPatchedModel({ baseURL: fake.url, apiKey: 'key', modalities: ['text'] }, made.resolve);
  const session = createAgentSession(model);
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    if (item.type !== 'message') return;
    (item.role === 'assistant' ? said : heard).push(item.textContent ?? '');
  });
  let realtimeSession: realtime.RealtimeSession | undefined;
  void made.promise.then((one) => (realtimeSession = one));
  const faults: unknown[] = [];
  const scheduler = new SpeechScheduler({
    session,
    realtimeSession: () => {
      if (!realtimeSession) throw new Error('The session has not started.');
      return realtimeSession;
    },
    turnSettlesMs: () => 500,
    onFault: (error) => faults.push(error),
  });
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
    isGone: false,
    liveTools: null,
    tellOutage: () => false,
  };
  const tools = server.tools.map((raw) =>
    modelTool((raw as { name: string }).name, { serverName: 'fixture', repeatable }),
  );
  const agent = new voice.Agent({
    instructions: 'Test.',
    tools: tools.map((tool) =>
      createVoiceTool(tool, {
        sessionId: 'session',
        currentOf: (tool) => tool,
        linkOf: () => link,
        scheduler,
        latencies,
        tell: (line) => lines.push(line),
        onRunning: (over) => running.push(over),
        onActivity: () => {},
        onCall: (call) => calls.push(call),
        onFault: () => {},
        now: Date.now,
      }),
    ),
  });
  await session.start({ agent, record: false });
  cleanups.push(async () => {
    await session.close();
    await connection.close();
  });
  /** As the framework takes what the user types. */
  const type = (userInput: string) => {
    session.interrupt();
    session.generateReply({ userInput });
  };
  const outputs = () => fake.items.filter((item) => item.type === 'function_call_output');
  const usually = (name: string, ms: number) => {
    const tool = tools.find((one) => one.name === name);
    if (tool) latencies.note(tool, ms);
  };
  return { session, connection, said, heard, lines, running, calls, faults, type, outputs, usually };
}

/** A server whose answers wait for `open`. */
function gate(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.beforeAnswer = () => promise;
  return resolve;
}

describe('a slow call', () => {
  it('is not silent: the agent says that it is at work, and then the result', async () => {
    const open = gate();
    const { said, type, outputs } = await conversation();
    type('call echo');
    await until(() => said.includes("One moment, I'm checking with the fixture server."));
    expect(outputs()).toHaveLength(0);
    open();
    await until(() => said.some((words) => words.includes('echo ran')));
    expect(outputs()).toHaveLength(1);
  });

  it('that is known to be slow is announced before it is', async () => {
    const open = gate();
    const { said, type, usually } = await conversation();
    usually('echo', 4_000);
    type('call echo');
    await until(() => said.length > 0);
    expect(said).toEqual(['One moment, this usually takes about 4 seconds.']);
    open();
    await until(() => said.at(-1)?.includes('echo ran'));
  });

  it('that the model announced is not announced again: the first filler is left out', async () => {
    const open = gate();
    const { said, type, usually } = await conversation();
    usually('echo', 4_000);
    type('Let me look: call all echo');
    await until(() => said.length > 1);
    expect(said).toEqual(['Let me look', "I'm still working on it."]);
    open();
    await until(() => said.at(-1)?.includes('echo ran'));
  });

  it('that is known to be very slow lets the user talk, and is told in a later turn, once', async () => {
    const open = gate();
    const { said, lines, running, type, outputs, usually, calls } = await conversation();
    usually('echo', 20_000);
    type('call echo');
    await until(() => said.some((words) => words.includes('We can keep talking')));
    expect(lines).toEqual([expect.stringContaining('The call to echo is still running in the background')]);
    type('how are you');
    await until(() => said.includes('You said how are you.'));
    expect(calls).toEqual([]);
    open();
    expect(running).toHaveLength(1);
    await running[0];
    expect(said.at(-1)).toContain('echo ran');
    type('and now');
    await until(() => said.includes('You said and now.'));
    expect(said.filter((words) => words.includes('echo ran'))).toHaveLength(1);
    expect(outputs().map(({ output }) => output)).toEqual(['<data>echo ran</data>']);
    expect(calls).toEqual([expect.objectContaining({ outcome: 'ok' })]);
    expect(server.ran).toEqual(['echo']);
  });

  it('is told again when its telling came to nothing', async () => {
    const open = gate();
    const { said, type, outputs, usually } = await conversation();
    usually('echo', 20_000);
    type('call echo');
    await until(() => said.some((words) => words.includes('We can keep talking')));
    let refusals = 1;
    fake.decide = (items, instructions) =>
      items.findLast(({ role }) => role !== 'assistant')?.type === 'function_call_output' && refusals-- > 0
        ? { nothing: true }
        : rehearsing(items, instructions);
    open();
    await until(() => said.some((words) => words.includes('echo ran')));
    expect(outputs()).toHaveLength(1);
  });
});

describe('several calls of one response', () => {
  /** Holds back the answers of some tools until they are opened. */
  function gates(...names: string[]) {
    const held = new Map(names.map((name) => [name, Promise.withResolvers<void>()]));
    server.tools = ['fast', ...names].map((name) => tool(name));
    server.beforeAnswer = (call) => held.get(call)?.promise ?? Promise.resolve();
    return (name: string) => held.get(name)?.resolve();
  }
  const outputsOf = (items: readonly FakeItem[]) =>
    items
      .filter(({ type }) => type === 'function_call_output')
      .map(({ output }) => (output ?? '').replaceAll('"', ''));
  const resultsIn = (said: readonly string[]) =>
    said.filter((words) => words.startsWith('Result')).map((words) => words.replaceAll('"', ''));

  it.each([1, 2, 3])(
    'hand over a fast result while %i slow ones still run, and the rest in the order of their ends',
    async (count) => {
      const slow = Array.from({ length: count }, (_, index) => `slow${index}`);
      const open = gates(...slow);
      const { said, lines, type, outputs } = await conversation();
      type(`call all ${['fast', ...slow].join(' ')}`);
      await until(() => said.some((words) => words.includes('fast ran')));
      expect(outputsOf(outputs())).toEqual(['<data>fast ran</data>']);
      expect(lines).toEqual(
        slow.map((name) => expect.stringContaining(`The call to ${name} is still running`)),
      );
      for (const name of slow.toReversed()) {
        open(name);
        await until(() => said.some((words) => words.includes(`${name} ran`)));
      }
      type('and now');
      await until(() => said.includes('You said and now.'));
      expect(resultsIn(said)).toEqual(
        ['fast', ...slow.toReversed()].map((name) => `Result: <data>${name} ran</data>`),
      );
      expect(server.ran.toSorted()).toEqual(['fast', ...slow]);
    },
  );

  it('that end close to each other are answered together', async () => {
    const open = gates('slow');
    const { said, lines, type, outputs } = await conversation();
    type('call all fast slow');
    await until(() => server.ran.length === 2);
    open('slow');
    await until(() => said.length > 0);
    expect(outputsOf(outputs()).toSorted()).toEqual(['<data>fast ran</data>', '<data>slow ran</data>']);
    expect(said).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  it('keep the result of one that ends while the fast one is being answered for after that', async () => {
    const open = gates('slow');
    const { said, lines, type } = await conversation();
    type('call all fast slow');
    await until(() => lines.length === 1);
    open('slow');
    await until(() => said.some((words) => words.includes('slow ran')));
    expect(resultsIn(said)).toEqual(['Result: <data>fast ran</data>', 'Result: <data>slow ran</data>']);
  });

  it('let the user go on with one sentence for all', async () => {
    gates('slow', 'slower');
    const { said, lines, type, usually } = await conversation();
    usually('slow', 20_000);
    usually('slower', 20_000);
    type('call all slow slower');
    await until(() => lines.length === 2);
    type('how are you');
    await until(() => said.includes('You said how are you.'));
    expect(said.filter((words) => words.includes('We can keep talking'))).toHaveLength(1);
  });
});

describe('the user who speaks over a call', () => {
  it('cancels it at the server, where calling again does no harm', async () => {
    const { said, type, outputs, calls } = await conversation();
    type('call hang');
    await until(() => server.ran.includes('hang'));
    type('something else');
    await until(() => server.cancelled === 1);
    await until(() => said.includes('You said something else.'));
    expect(calls).toEqual([expect.objectContaining({ tool_name: 'hang', outcome: 'cancelled' })]);
    expect(outputs().map(({ output }) => output)).toEqual([
      expect.stringContaining('canceled because the user spoke'),
    ]);
  });

  it('cancels it by voice as well, when there are words in it', async () => {
    const { type, calls } = await conversation();
    type('call hang');
    await until(() => server.ran.includes('hang'));
    fake.hear('never mind');
    await until(() => server.cancelled === 1);
    await until(() => calls.length === 1);
    expect(calls).toEqual([expect.objectContaining({ outcome: 'cancelled' })]);
  });

  it('does not cancel it by a cough', async () => {
    const open = gate();
    const { said, heard, type, calls } = await conversation();
    type('call echo');
    await until(() => server.ran.includes('echo'));
    fake.hear('');
    await until(() => heard.length === 2);
    open();
    await until(() => said.some((words) => words.includes('echo ran')));
    expect(calls).toEqual([expect.objectContaining({ outcome: 'ok' })]);
  });

  it('does not cancel what cannot be repeated: its result is told after the answer', async () => {
    const open = gate();
    const { said, type, calls } = await conversation({ repeatable: false });
    type('call echo');
    await until(() => server.ran.includes('echo'));
    type('something else');
    await until(() => said.includes('You said something else.'));
    open();
    await until(() => said.at(-1)?.includes('echo ran'));
    expect(calls).toEqual([expect.objectContaining({ outcome: 'ok' })]);
  });

  it('cancels every call by hanging up', async () => {
    const { said, type, calls, faults, session, connection, usually } = await conversation({
      repeatable: false,
    });
    usually('hang', 20_000);
    type('call hang');
    await until(() => said.some((words) => words.includes('We can keep talking')));
    await session.close();
    await connection.close();
    await until(() => server.cancelled === 1);
    expect(calls).toEqual([expect.objectContaining({ outcome: 'cancelled' })]);
    expect(faults).toEqual([]);
  });
});

describe('the model', () => {
  it('may make a chain of calls in one turn', async () => {
    const { said, type } = await conversation();
    fake.decide = (items, instructions) => {
      const done = items.filter(({ type: kind }) => kind === 'function_call_output').length;
      if (instructions) return rehearsing(items, instructions);
      return done < 6 ? { call: 'echo', arguments: '{}' } : { say: `${done} calls` };
    };
    type('go');
    await until(() => said.includes('6 calls'));
    expect(server.ran).toHaveLength(6);
  });

  it('mends arguments by what it is told of them', async () => {
    server.tools = [
      {
        name: 'weather',
        inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    ];
    const { said, type, connection } = await conversation();
    await until(() => connection.catalogue !== null && connection.state.name === 'ready');
    fake.decide = (items, instructions) => {
      const last = items.findLast(({ role }) => role !== 'assistant');
      const missing = /required argument "(\w+)"/.exec(last?.output ?? '');
      if (missing) return { call: 'weather', arguments: JSON.stringify({ [missing[1] ?? '']: 'Rome' }) };
      return rehearsing(items, instructions);
    };
    type('call weather {}');
    await until(() => said.some((words) => words.includes('weather ran')));
    expect(server.ran).toEqual(['weather']);
  });
});
