import { initializeLogger, llm, voice } from '@livekit/agents';
import * as openai from '@livekit/agents-plugin-openai';
import { AudioFrame } from '@livekit/rtc-node';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { speak, SPEECH_RATE_HZ } from '../speech/speak.ts';
import { currentTime, listNotes } from './sample-tools.ts';
import { startRehearsalModel, type RehearsalModel } from './server.ts';
import type { Tool } from './protocol/validate.ts';

initializeLogger({ pretty: false, level: 'silent' });

let server: RehearsalModel;
beforeAll(async () => {
  server = await startRehearsalModel({ port: 0, log: () => undefined });
});
afterAll(() => server.close());

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Execute = (args: Record<string, unknown>) => Promise<string>;

function agentTool({ name, description = '', parameters = {} }: Tool, execute: Execute) {
  const schema = parameters as Parameters<typeof llm.tool>[0]['parameters']; // raw JSON Schema passes untouched
  return llm.tool({
    name,
    description,
    parameters: schema,
    execute: (args) => execute(args as Record<string, unknown>),
  });
}

const clock = agentTool(currentTime, async ({ city }) => `It is noon in ${String(city)}.`);
const notes = agentTool(listNotes, async () => {
  throw new llm.ToolError('The notes are not reachable right now.');
});

async function startConversation(tools: llm.ToolContextEntry[]) {
  const model = new openai.realtime.RealtimeModel({
    baseURL: server.url,
    apiKey: 'any',
    modalities: ['text'],
  });
  const agent = new voice.Agent({ instructions: 'You are kind. Never say: "no".', tools });
  const session = new voice.AgentSession({ llm: model, vad: null, turnHandling: { turnDetection: null } });
  const heard: string[] = [];
  let wake = () => {};
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    if (item.type === 'message' && item.role === 'assistant') heard.push(item.textContent ?? '');
    wake();
  });
  await session.start({ agent });
  cleanups.push(() => session.close());
  const answer = async () => {
    while (heard.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return heard.shift();
  };
  const ask = (userInput: string) => {
    session.generateReply({ userInput });
    return answer();
  };
  return { agent, session, ask, answer };
}

/** The newest session's, because the plugin leaves the socket of a closed session open. */
async function heldTools(): Promise<string[] | undefined> {
  const sessions = (await (await fetch(`${server.url}/sessions`)).json()) as { tools: Tool[] }[];
  return sessions.at(-1)?.tools.map(({ name }) => name);
}

describe('a conversation by text', () => {
  it('greets, calls a tool, and says its result or its failure', async () => {
    const { session, ask, answer } = await startConversation([clock, notes]);
    session.generateReply({ instructions: 'Greet the user with: "Hello, I am ready."' });
    expect(await answer()).toBe('Hello, I am ready.');
    expect(await ask('what time is it in Tokyo?')).toBe('It is noon in Tokyo.');
    expect(await ask('list my notes')).toBe('The notes are not reachable right now.');
  });

  it('accepts a new set of tools, and says which were removed', async () => {
    const { agent, ask } = await startConversation([clock]);
    await agent.updateTools([notes]);
    await expect.poll(heldTools).toEqual([listNotes.name]);
    expect(await ask('what time is it in Tokyo?')).toBe(
      'I cannot do that: current time is not available now.',
    );
    await agent.updateTools([notes, clock]);
    expect(await ask('what time is it in Tokyo?')).toBe('It is noon in Tokyo.');
  });
});

describe('the realtime session', () => {
  function openSession(name = 'gpt-realtime') {
    const model = new openai.realtime.RealtimeModel({ model: name, baseURL: server.url, apiKey: 'any' });
    const session = model.session();
    cleanups.push(async () => {
      void session.close(); // the promise waits for the socket, which the server ends
    });
    return session;
  }

  const event = (session: llm.RealtimeSession, type: string) =>
    new Promise<Record<string, unknown>>((resolve) => {
      session.on('openai_server_event_received', (one: Record<string, unknown>) => {
        if (one['type'] === type) resolve(one);
      });
    });

  function push(session: llm.RealtimeSession, pcm: Int16Array) {
    session.pushAudio(new AudioFrame(pcm, SPEECH_RATE_HZ, 1, pcm.length));
  }

  function nextToolsUpdate(session: llm.RealtimeSession): Promise<string> {
    return new Promise((resolve) => {
      session.on('openai_client_event_queued', ({ event_id = '' }: { event_id?: string }) => {
        if (event_id.startsWith('tools_update_')) resolve(event_id);
      });
    });
  }

  it('is notified of a rejected set with the id of its event', async () => {
    const session = openSession();
    const queued = nextToolsUpdate(session);
    const rejected = event(session, 'error');
    await session.updateTools(
      new llm.ToolContext([agentTool({ ...listNotes, name: 'not good' }, async () => '')]),
    );
    expect((await rejected)['error']).toMatchObject({
      event_id: await queued,
      param: 'session.tools[0].name',
    });
  });

  it('gets a message and two calls in one response of a reasoning model', async () => {
    const session = openSession('gpt-realtime-2.1');
    await session.updateTools(new llm.ToolContext([clock, notes]));
    const question = llm.ChatContext.empty();
    question.addMessage({ role: 'user', content: 'what time is it in Tokyo and list my notes' });
    await session.updateChatCtx(question);
    const { messageStream, functionStream } = await session.generateReply();
    const messages = [];
    for await (const message of messageStream) messages.push(message);
    const calls = [];
    for await (const { name, args } of functionStream) calls.push([name, args]);
    expect(messages).toHaveLength(1);
    expect(calls).toEqual([
      [currentTime.name, '{"city":"Tokyo"}'],
      [listNotes.name, '{}'],
    ]);
  });

  it('recognizes a spoken question, and is interrupted while it speaks', async () => {
    const session = openSession();
    await session.updateTools(new llm.ToolContext([clock]));
    const first = once(session, 'generation_created') as Promise<[llm.GenerationCreatedEvent]>;
    push(session, await speak('tell me a long story'));
    push(session, new Int16Array(SPEECH_RATE_HZ));
    const [generation] = await first;
    const message = (await generation.messageStream.getReader().read()).value;
    if (!message) throw new Error('no message');
    const sound = message.audioStream.getReader();
    expect((await sound.read()).value?.sampleRate).toBe(SPEECH_RATE_HZ);
    const started = once(session, 'input_speech_started');
    const done = event(session, 'response.done');
    push(session, await speak('stop'));
    await started;
    expect((await done)['response']).toMatchObject({ status: 'cancelled' });
    let frames = 0;
    while (!(await sound.read()).done) frames++;
    expect(frames).toBeLessThan(200); // the story has more than 300
  });
});
