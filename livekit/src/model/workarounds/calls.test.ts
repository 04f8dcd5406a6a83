/** Defects in how the plugin takes calls, each shown twice, as in connection.test.ts. */
import { initializeLogger, llm } from '@livekit/agents';
import { afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { FakeModel } from '../../testing/fake-model.ts';
import { type WorkaroundName, never, startConversation, until } from '../../testing/text-conversation.ts';

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

describe('a call that was cut off', () => {
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
    'is not made, and the answer is asked for again (after "%s")',
    async (words) => {
      const { said, runs } = await call(words);
      await until(() => said.includes('Done.'));
      await never(() => runs() > 0);
    },
  );

  it('still needed: without the workaround it is made with what there is', async () => {
    const { runs } = await call('', 'cutCalls');
    await until(() => runs() > 0);
  });
});
