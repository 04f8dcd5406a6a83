import { initializeLogger, llm } from '@livekit/agents';
import { afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { FakeModel } from '../../testing/fake-model.ts';
import {
  type WorkaroundName,
  echoing,
  never,
  startConversation,
  until,
} from '../../testing/text-conversation.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

let fake: FakeModel;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  fake = new FakeModel();
  await fake.start();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await fake.stop();
});

describe('an unfinished function call', () => {
  const call = async (preamble: string, without?: WorkaroundName) => {
    let runs = 0;
    let answers = 0;
    const wipe = llm.tool({ name: 'wipe', description: 'Wipe', execute: async () => `run ${(runs += 1)}` });
    const cut = { call: 'wipe', arguments: '', isCut: true } as const;
    fake.decide = () => ((answers += 1) === 1 ? { calls: [cut], preamble } : { say: 'Done.' });
    const { session, said } = await startConversation(fake, { without, tools: [wipe] });
    cleanups.push(() => session.close());
    session.generateReply({ userInput: 'go' });
    return { said, runs: () => runs };
  };

  it.each(['', 'Let me look.'])(
    'is not made, and the response is requested again (after the preamble "%s")',
    async (words) => {
      const { said, runs } = await call(words);
      await until(() => said.includes('Done.'));
      await never(() => runs() > 0);
    },
  );

  it('still needed: without the workaround it is made with the arguments so far', async () => {
    const { runs } = await call('', 'cutCalls');
    await until(() => runs() > 0);
  });
});

describe('a function call without arguments', () => {
  const call = async (without?: WorkaroundName) => {
    let runs = 0;
    const now = llm.tool({ name: 'now', description: 'Now', execute: async () => `run ${(runs += 1)}` });
    fake.decide = (items) =>
      items.at(-1)?.role === 'user' ? { call: 'now', arguments: '' } : echoing(items);
    const { session, said } = await startConversation(fake, { without, tools: [now] });
    cleanups.push(() => session.close());
    session.generateReply({ userInput: 'go' });
    return { said, runs: () => runs };
  };

  it('is made', async () => {
    const { said } = await call();
    await until(() => said.some((text) => text.includes('run 1')));
  });

  it('still needed: without the workaround it is dropped', async () => {
    const { runs } = await call('emptyArguments');
    await until(() => fake.received.some(({ type }) => type === 'response.create'));
    await never(() => runs() > 0);
  });
});
