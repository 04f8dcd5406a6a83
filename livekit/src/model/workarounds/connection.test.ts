/**
 * Each bug of the plugin is shown twice: fixed by the workarounds, and still there without the one workaround. When a new
 * version of the plugin makes a "still needed" test fail, that workaround can be removed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { initializeLogger, llm } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeModel } from '../../testing/fake-model.ts';
import {
  type ConversationOptions,
  type WorkaroundName,
  echoing,
  never,
  startConversation,
  until,
} from '../../testing/text-conversation.ts';
import type { SessionInternals } from './session-internals.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

let fake: FakeModel;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  fake = new FakeModel();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await fake.stop();
});

async function conversation(options?: ConversationOptions) {
  const started = await startConversation(fake, options);
  cleanups.push(() => started.session.close());
  return started;
}

describe('a model that is offline at first', () => {
  const begin = async (without?: WorkaroundName) => {
    await fake.reserve();
    fake.decide = echoing;
    return conversation({ without });
  };

  it('is dialed until it is up, and then answers', async () => {
    const { session, said } = await begin();
    session.generateReply({ userInput: 'hello' });
    await fake.start();
    await until(() => said.includes('You said hello.'));
  });

  it('still needed: without the workaround a refused dial ends the process', async () => {
    const uncaught: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    try {
      await begin('dial');
      await until(() => uncaught.length > 0);
      expect(uncaught[0]).toMatchObject({ code: 'ECONNREFUSED' });
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of others) process.on('uncaughtException', listener);
    }
  });
});

describe('the first event after a reconnect', () => {
  const typeAfterReconnect = async (without?: WorkaroundName) => {
    await fake.start();
    fake.decide = echoing;
    const { session, said } = await conversation({ without });
    await until(() => fake.openConnections === 1);
    session.generateReply({ userInput: 'before' });
    await until(() => said.includes('You said before.'));
    fake.drop();
    await until(() => fake.connections === 2 && fake.texts('assistant').length === 1);
    session.generateReply({ userInput: 'after' });
    return said;
  };

  it('reaches the model', async () => {
    const said = await typeAfterReconnect();
    await until(() => said.includes('You said after.'));
    expect(fake.texts('user')).toEqual(['before', 'after']);
  });

  it('still needed: without the workaround it is lost', async () => {
    await typeAfterReconnect('freshQueue');
    await never(() => fake.texts('user').includes('after'), 500);
  });
});

describe('a tool that spans a reconnect', () => {
  const callAcrossReconnect = async (without?: WorkaroundName) => {
    let runs = 0;
    const gate = Promise.withResolvers<void>();
    const slow = llm.tool({
      name: 'slow',
      description: 'Takes its time',
      execute: async () => {
        runs += 1;
        await gate.promise;
        return 'done';
      },
    });
    await fake.start();
    fake.decide = (items) => {
      const last = items.at(-1);
      // A model that sees no call in the conversation calls the tool again.
      if (last?.role === 'user') return { call: 'slow', arguments: '{"a":1}' };
      return echoing(items);
    };
    const { session, said } = await conversation({ without, tools: [slow] });
    session.generateReply({ userInput: 'go' });
    await until(() => runs === 1);
    fake.drop();
    await until(() => fake.connections === 2 && fake.texts('user').length === 1);
    gate.resolve();
    return { said, runs: () => runs };
  };

  it('runs once, and its output reaches the model', async () => {
    const { said, runs } = await callAcrossReconnect();
    await until(() => said.some((text) => text.includes('The tool says "done"')));
    expect(runs()).toBe(1);
    expect(fake.items.find(({ type }) => type === 'function_call')).toMatchObject({ arguments: '{"a":1}' });
  });

  it('still needed: without the workaround it runs a second time', async () => {
    const { runs } = await callAcrossReconnect('replayCalls');
    await until(() => runs() === 2, 15_000);
  });
});

describe('an event that was sent into a dying connection', () => {
  it('is sent again, in order, and answered', async () => {
    await fake.start();
    fake.decide = () => ({ nothing: true });
    const { session, said } = await conversation();
    await until(() => fake.openConnections === 1);
    session.generateReply({ userInput: 'first' });
    await until(() => fake.received.some(({ type }) => type === 'response.create'));
    await fake.stop();
    session.generateReply({ userInput: 'second' });
    fake.decide = echoing;
    await fake.start();
    await until(() => said.includes('You said second.'));
    expect(fake.texts('user')).toEqual(['first', 'second']);
  });
});

describe('responses requested while the model was offline', () => {
  const requestTwice = async (without?: WorkaroundName) => {
    await fake.start();
    let model: realtime.RealtimeSession | undefined;
    const { session, said } = await conversation({ without, onSession: (made) => (model = made) });
    await until(() => fake.openConnections === 1);
    await fake.stop();
    fake.decide = echoing;
    model?.generateReply('Say that it takes a moment.').catch(() => {});
    session.generateReply({ userInput: 'hello' });
    await fake.start();
    return said;
  };

  it('become one response to what the user said', async () => {
    const said = await requestTwice();
    await until(() => said.includes('You said hello.'));
    expect(fake.received.filter(({ type }) => type === 'response.create')).toHaveLength(1);
  });

  it('are not canceled with an out-of-band response', async () => {
    await fake.start();
    let model: realtime.RealtimeSession | undefined;
    const { session, said } = await conversation({ onSession: (made) => (model = made) });
    await until(() => fake.openConnections === 1);
    await fake.stop();
    fake.decide = echoing;
    session.generateReply({ userInput: 'hello' });
    const internals = model as unknown as SessionInternals;
    await until(() => internals.messageChannel.items.some(({ type }) => type === 'response.create'));
    model?.sendEvent({ type: 'response.cancel', response_id: 'out_of_band' });
    await fake.start();
    await until(() => said.includes('You said hello.'));
  });

  it('still needed: without the workaround the model rejects the second', async () => {
    await requestTwice('oneAnswer');
    await until(() => fake.refusals === 1);
  });
});

describe('closing the session', () => {
  const open = async (without?: WorkaroundName) => {
    await fake.start();
    const { session } = await conversation({ without });
    // A session that is closed while it dials closes the socket by itself.
    await until(() => fake.received.some(({ type }) => type === 'session.update'));
    await session.close();
  };

  it('closes the socket to the model', async () => {
    await open();
    await until(() => fake.openConnections === 0);
  });

  it('still needed: without the workaround the socket stays open', async () => {
    await open('closeSocket');
    await never(() => fake.openConnections === 0);
  });
});

describe('an event that was sent', () => {
  const swap = async (without?: WorkaroundName) => {
    await fake.start();
    let session: realtime.RealtimeSession | undefined;
    const { agent } = await conversation({ without, onSession: (made) => (session = made) });
    await until(() => fake.openConnections === 1);
    const sent: { session?: { tools?: unknown[] } }[] = [];
    session?.on('openai_client_event_queued', (event: { type: string; session?: { tools?: unknown[] } }) => {
      if (event.type === 'session.update') sent.push(event);
    });
    await agent.updateTools([
      llm.tool({ name: 'large', description: 'x'.repeat(1_000), execute: async () => '' }),
    ]);
    await until(() => fake.tools.length === 1);
    return sent.at(-1);
  };

  it('is not kept in memory', async () => {
    expect((await swap())?.session?.tools).toBeUndefined();
  });

  it('still needed: without the workaround it stays in memory until the connection ends', async () => {
    const kept = new WeakRef((await swap('sentEvents')) ?? {});
    await sleep(0);
    collectGarbage();
    expect(kept.deref()).toMatchObject({ session: { tools: [{ name: 'large' }] } });
  });
});

describe('the settings of a session', () => {
  const truncations = async (without?: WorkaroundName) => {
    await fake.start();
    await conversation({ without });
    await until(() => fake.received.some(({ type }) => type === 'session.update'));
    fake.drop();
    const settings = () => fake.received.filter(({ session }) => session?.['audio'] !== undefined);
    await until(() => settings().length === 2);
    return settings().map(({ session }) => session?.['truncation']);
  };

  it('limit a conversation that outgrows the window by a ratio, from the start and after a reconnect', async () => {
    const truncation = { type: 'retention_ratio', retention_ratio: 0.8 };
    expect(await truncations()).toEqual([truncation, truncation]);
  });

  it('still needed: without the workaround they set no truncation', async () => {
    expect(await truncations('truncation')).toEqual([undefined, undefined]);
  });
});
