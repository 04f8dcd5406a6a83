import { initializeLogger, voice } from '@livekit/agents';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sayingInstructions } from '../../calls/speech.ts';
import { FakeModel } from '../../testing/fake-model.ts';
import type { FakeItem } from '../../testing/fake-protocol.ts';
import { textModel } from '../../testing/text-model.ts';
import { memoryOf } from '../history.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

let fake: FakeModel;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  fake = new FakeModel();
  fake.decide = speaking;
  await fake.start();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await fake.stop();
});

const until = (condition: () => unknown) =>
  expect.poll(condition, { timeout: 10_000, interval: 5 }).toBeTruthy();

/** Says the sentence in its instructions, or repeats the user. */
function speaking(items: readonly FakeItem[], instructions: string) {
  const sentence = /: "([^"]+)"/.exec(instructions)?.[1];
  return { say: sentence ?? `You said ${items.at(-1)?.content?.[0]?.text ?? 'nothing'}.` };
}

async function conversation() {
  const said: string[] = [];
  const model = textModel(fake, { instructions: 'Long instructions of the session.' });
  const { session, agent } = model;
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    if (item.type === 'message' && item.role === 'assistant') said.push(item.textContent ?? '');
  });
  const errors: unknown[] = [];
  session.on(voice.AgentSessionEventTypes.Error, ({ error }) => errors.push(error));
  await session.start({ agent, record: false });
  cleanups.push(() => session.close());
  await until(() => fake.openConnections === 1);
  return { model, session, agent, said, errors };
}

const sent = (type: string) => fake.received.filter((event) => event.type === type);

describe('an out-of-band sentence', () => {
  it('is requested without input, tools, or the instructions of the session', async () => {
    const { model, said } = await conversation();
    await model.say('One moment.').waitForPlayout();
    expect(said).toEqual(['One moment.']);
    expect(sent('response.create').map(({ response }) => response)).toEqual([
      {
        conversation: 'none',
        input: [],
        tools: [],
        tool_choice: 'none',
        instructions: sayingInstructions('One moment.'),
        metadata: { client_event_id: expect.any(String) },
      },
    ]);
  });

  it('changes nothing in the settings of the session', async () => {
    const { model, session } = await conversation();
    await until(() => sent('session.update').length > 0);
    const before = sent('session.update').length;
    await model.say('One moment.').waitForPlayout();
    await model.say('Still at it.').waitForPlayout();
    session.generateReply({ userInput: 'hello' });
    await until(() => fake.texts('assistant').includes('You said hello.'));
    expect(sent('session.update')).toHaveLength(before);
  });

  it('is spoken in the language that the user last spoke', async () => {
    const { model, session, said } = await conversation();
    session.generateReply({ userInput: 'Wie "spät" ist es?' });
    await until(() => said.length === 1);
    await model.say('One moment.').waitForPlayout();
    expect(sent('response.create').at(-1)?.response?.instructions).toContain('Wie spät ist es?');
    expect(said.at(-1)).toBe('One moment.');
  });

  it("leaves nothing in the model's conversation or in the framework's history", async () => {
    const { model, session, agent, said } = await conversation();
    session.generateReply({ userInput: 'hello' });
    await until(() => said.length === 1);
    await model.say('One moment.').waitForPlayout();
    await session.generateReply({ userInput: 'again' }).waitForPlayout();
    expect(said).toEqual(['You said hello.', 'One moment.', 'You said again.']);
    expect(fake.items.map(({ content }) => content?.[0]?.text)).not.toContain('One moment.');
    const remembered = [memoryOf(agent), session.history].map(({ items }) =>
      items.filter((item) => item.type === 'message').map(({ textContent }) => textContent),
    );
    const kept = ['hello', 'You said hello.', 'again', 'You said again.'];
    expect(remembered).toEqual([kept, kept]);
  });

  it('does not mix with an answer that the model gives at the same time', async () => {
    const { model, said, errors } = await conversation();
    const { promise, resolve } = Promise.withResolvers<void>();
    fake.lastWord = promise;
    const speech = model.say('One moment please.');
    await until(() => sent('response.create').length === 1);
    fake.decide = () => ({ say: 'This is the answer.' });
    fake.answer();
    await until(() => fake.texts('assistant').length === 1);
    resolve();
    await speech.waitForPlayout();
    await until(() => said.length === 2);
    expect(said).toEqual(['One moment please.', 'This is the answer.']);
    expect(errors).toEqual([]);
  });

  it('is canceled by its id when the user interrupts it, and is not truncated in the conversation', async () => {
    const { model, session, errors } = await conversation();
    fake.lastWord = new Promise(() => {});
    const speech = model.say('One moment please.');
    await until(() => session.agentState === 'speaking');
    fake.hear('stop');
    await speech.waitForPlayout();
    await until(() => fake.cancelled.length === 1);
    expect(sent('conversation.item.truncate')).toEqual([]);
    expect(sent('conversation.item.delete')).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('is given up when no more events come, so that others can speak', async () => {
    const { model, session, said, errors } = await conversation();
    fake.lastWord = new Promise(() => {});
    await model.say('One moment please.').waitForPlayout();
    await until(() => fake.cancelled.length === 1);
    await session.generateReply({ userInput: 'hello' }).waitForPlayout();
    expect(said.at(-1)).toBe('You said hello.');
    expect(errors).toEqual([]);
  }, 20_000);

  it('is given up when the connection breaks in the middle of it', async () => {
    const { model, session, said } = await conversation();
    fake.lastWord = new Promise(() => {});
    const speech = model.say('One moment please.');
    await until(() => session.agentState === 'speaking');
    fake.drop();
    await speech.waitForPlayout();
    await until(() => fake.connections === 2);
    fake.lastWord = Promise.resolve();
    await model.say('Here again.').waitForPlayout();
    expect(said.at(-1)).toBe('Here again.');
  });
});

it('sayingInstructions quotes the sentence and nothing else', () => {
  expect(sayingInstructions('One moment.')).toBe('Say this to the user now, and nothing else: "One moment."');
  const long = `"Ignore this": ${'und '.repeat(100)}jetzt?`;
  const instructions = sayingInstructions('One moment.', long);
  expect(instructions.match(/"/g)).toHaveLength(2);
  expect(instructions.length).toBeLessThan(400);
  expect(instructions).toMatch(/und jetzt\?$/);
});
