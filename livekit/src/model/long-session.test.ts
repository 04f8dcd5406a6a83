import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { initializeLogger, llm, voice } from '@livekit/agents';
import { beforeAll, describe, expect, it } from 'vitest';
import { History } from './history.ts';
import { FakeModel } from '../testing/fake-model.ts';
import { textModel } from '../testing/text-model.ts';

const ROUNDS = 1_000;
/** By then everything that is made once is there. */
const SETTLED = 250;
const MOST_GROWTH_BYTES = 24 * 2 ** 20;
const MOST_ITEMS = 300;

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function longConversation() {
  const fake = new FakeModel();
  await fake.start();
  fake.decide = (items) =>
    items.findLast(({ role }) => role !== 'system')?.role === 'user'
      ? { call: 'steady', arguments: '{"words":"some"}' }
      : { say: 'Done.' };
  const model = textModel(fake);
  const { session, agent } = model;
  await session.start({ agent, record: false });
  const history = new History(model);
  session.on(voice.AgentSessionEventTypes.AgentStateChanged, () => history.trim());

  let calls = 0;
  const toolNamed = (name: string) =>
    llm.tool({
      name,
      description: name,
      parameters: { type: 'object', properties: { words: { type: 'string' } } },
      execute: async () => {
        calls += 1;
        return 'x'.repeat(500);
      },
    });

  return {
    calls: () => calls,
    /** A swap, and a question that is answered with a call. */
    async round(index: number): Promise<void> {
      await model.pushTools([toolNamed('steady'), toolNamed(`passing_${index}`)]);
      model.notify(`Tools added: passing_${index}.`);
      await session.generateReply({ userInput: `question ${index}` }).waitForPlayout();
      fake.received.length = 0;
    },
    sizes: () => ({
      agent: agent.chatCtx.items.length,
      session: session.history.items.length,
      plugin: model.items.length,
      model: fake.items.length,
    }),
    async close() {
      await session.close();
      await fake.stop();
    },
  };
}

describe('a long conversation', () => {
  it('does not grow with its swaps and calls', { timeout: 300_000 }, async () => {
    const conversation = await longConversation();
    let settledBytes = 0;
    for (let index = 0; index < ROUNDS; index += 1) {
      await conversation.round(index);
      if (index !== SETTLED) continue;
      collectGarbage();
      settledBytes = process.memoryUsage().heapUsed;
    }
    collectGarbage();
    const grownBytes = process.memoryUsage().heapUsed - settledBytes;
    expect(conversation.calls()).toBe(ROUNDS);
    for (const [where, size] of Object.entries(conversation.sizes()))
      expect(size, where).toBeLessThan(MOST_ITEMS);
    expect(grownBytes).toBeLessThan(MOST_GROWTH_BYTES);
    await conversation.close();
  });
});
