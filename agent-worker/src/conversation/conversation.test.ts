import { initializeLogger, voice } from '@livekit/agents';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fakeConversation } from './testing/fake-conversation.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

type Fake = ReturnType<typeof fakeConversation>;

const open: Fake[] = [];
afterEach(() => Promise.all(open.splice(0).map(({ conversation }) => conversation.close())));

function conversationOf(...args: Parameters<typeof fakeConversation>): Fake {
  const fake = fakeConversation(...args);
  open.push(fake);
  return fake;
}

/** A conversation whose greeting was heard and whose model has its tools. */
async function running(): Promise<Fake> {
  const fake = conversationOf();
  await fake.conversation.start();
  fake.greeted();
  await reached(fake, 'tools: notes__add');
  return fake;
}

const reached = ({ steps }: Fake, step: string) =>
  expect.poll(() => steps, { interval: 5, timeout: 5_000 }).toContain(step);
const count = ({ steps }: Fake, step: string) => steps.filter((one) => one === step).length;

describe('the start of a conversation', () => {
  it('greets first, and reads the servers when the greeting is heard', async () => {
    const fake = conversationOf();
    await fake.conversation.start();
    expect(fake.steps).toEqual(['start session', 'reply: Greet the user with: "Hello."', 'subscribe']);
    fake.greeted();
    await reached(fake, 'tools: notes__add');
    expect(fake.steps.indexOf('read servers')).toBeGreaterThan(2);
  });

  it('offers the tools at once to a user who types before the greeting is heard', async () => {
    const fake = conversationOf();
    await fake.conversation.start();
    fake.type('add a note');
    await reached(fake, 'text: add a note');
    const order = ['read servers', 'tools: notes__add', 'text: add a note'];
    expect(fake.steps.filter((step) => order.includes(step))).toEqual(order);
  });

  it('is reported to the database', async () => {
    const fake = conversationOf();
    await fake.conversation.start();
    await reached(fake, 'state: active null');
  });

  it('stops when the model fails for good while the session starts', async () => {
    const fake = conversationOf((watcher) => watcher.onFatal({ kind: 'key_rejected', facts: {} }));
    await fake.conversation.start();
    await reached(fake, 'state: ended model_key_rejected');
    expect(fake.steps).not.toContain('reply: Greet the user with: "Hello."');
    expect(fake.steps).not.toContain('subscribe');
  });
});

describe('a running conversation', () => {
  it('reads the servers again on a hint', async () => {
    const fake = await running();
    const before = count(fake, 'read servers');
    fake.hint('servers.changed');
    await expect.poll(() => count(fake, 'read servers')).toBe(before + 1);
  });

  it('replaces the prompt and the settings that may change when the configuration has changed', async () => {
    const fake = await running();
    const { snapshot } = fake.state;
    if (!snapshot) return expect.unreachable();
    fake.state.snapshot = {
      ...snapshot,
      agent: { ...snapshot.agent, system_prompt: 'You sing.', language: 'fr' },
    };
    fake.hint('agent_config.changed');
    await reached(fake, 'instructions: You sing.');
    expect(fake.steps).toContain('language: fr');
  });

  it('takes the tools of a removed server away', async () => {
    const fake = await running();
    if (fake.state.snapshot) fake.state.snapshot.servers = [];
    fake.hint('servers.changed');
    await reached(fake, 'tools: ');
  });

  it('sends its tools and servers to someone who joins', async () => {
    const fake = await running();
    fake.shown.length = 0;
    fake.join();
    await expect.poll(() => fake.shown.length).toBeGreaterThan(1);
    expect(fake.shown.slice(0, 2)).toMatchObject([
      { type: 'tools', names: ['notes__add'], reason: 'joined' },
      { type: 'server', name: 'notes' },
    ]);
  });

  it('says goodbye and leaves the session to the next agent when its worker shuts down', async () => {
    const fake = await running();
    await fake.conversation.sayGoodbye();
    await reached(fake, 'state: starting worker_drained');
    expect(fake.steps.findIndex((step) => step.startsWith('say: '))).toBeGreaterThan(
      fake.steps.indexOf('interrupt'),
    );
  });
});

describe('the end of a conversation', () => {
  it.each([
    ['the user leaves', voice.CloseReason.PARTICIPANT_DISCONNECTED, 'user_left'],
    ['the agent session fails', voice.CloseReason.ERROR, 'error'],
  ] as const)('is reported with its reason when %s', async (_, closeReason, reason) => {
    const fake = await running();
    fake.closeSession(closeReason);
    await reached(fake, `state: ended ${reason}`);
    await expect.poll(() => fake.ended).toEqual([`the agent session closed: ${closeReason}`]);
    expect(fake.shown).toContainEqual({ type: 'ended', reason });
  });

  it('is reported as a closed room when the room was closed before the session', async () => {
    const fake = await running();
    fake.disconnectRoom();
    fake.closeSession(voice.CloseReason.PARTICIPANT_DISCONNECTED);
    await reached(fake, 'state: ended room_closed');
  });

  it('is reported with the reason of a permanent failure of the model', async () => {
    const fake = await running();
    fake.fail('key_rejected');
    await reached(fake, 'state: ended model_key_rejected');
  });

  it('is not reported when the worker shuts down: the next agent continues', async () => {
    const fake = await running();
    fake.closeSession(voice.CloseReason.JOB_SHUTDOWN);
    await expect.poll(() => fake.ended).toHaveLength(1);
    expect(fake.steps.join()).not.toContain('state: ended');
    expect(fake.shown.map(({ type }) => type)).not.toContain('ended');
  });

  it('is not reported when somebody else has ended the session', async () => {
    const fake = await running();
    fake.state.snapshot = null;
    fake.hint('session.changed');
    fake.hint('members.changed');
    await expect.poll(() => fake.ended).toEqual(['the session was ended elsewhere']);
    expect(fake.steps.join()).not.toContain('state: ended');
  });

  it('happens once, for the first reason', async () => {
    const fake = await running();
    fake.fail('key_rejected');
    fake.closeSession(voice.CloseReason.ERROR);
    await expect.poll(() => fake.ended).toEqual(['model_key_rejected']);
    await fake.conversation.close();
    expect(count(fake, 'unsubscribe')).toBe(1);
  });

  it('stops reading servers, unsubscribes, and resolves when the last report is written', async () => {
    const fake = await running();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { setSessionState } = fake.database;
    fake.database.setSessionState = async (...args) => {
      await promise;
      await setSessionState(...args);
    };
    fake.closeSession(voice.CloseReason.PARTICIPANT_DISCONNECTED);
    const closed = fake.conversation.close().then(() => fake.steps.push('closed'));
    await reached(fake, 'unsubscribe');
    const reads = count(fake, 'read servers');
    fake.hint('servers.changed');
    resolve();
    await closed;
    expect(fake.steps.slice(-3)).toEqual(['unsubscribe', 'state: ended user_left', 'closed']);
    expect(count(fake, 'read servers')).toBe(reads);
  });

  it('does not wait for a connection that does not close', async () => {
    const fake = await running();
    fake.client.removeChannel = () => new Promise(() => {});
    fake.closeSession(voice.CloseReason.PARTICIPANT_DISCONNECTED);
    await fake.conversation.close();
    expect(fake.steps).toContain('state: ended user_left');
  });
});
