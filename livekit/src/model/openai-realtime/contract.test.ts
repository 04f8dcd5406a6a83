import { initializeLogger } from '@livekit/agents';
import { beforeAll } from 'vitest';
import { FakeModel } from '../../testing/fake-model.ts';
import { until } from '../../testing/text-conversation.ts';
import { textModel } from '../../testing/text-model.ts';
import { type ContractRig, describeVoiceModel } from '../../testing/voice-model-contract.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

async function start(): Promise<ContractRig> {
  const fake = new FakeModel();
  await fake.start();
  const calls = new Map<string, string>();
  fake.decide = (items, instructions) => {
    const sentence = /: "([^"]+)"/.exec(instructions)?.[1];
    if (sentence) return { say: sentence };
    const last = items.findLast(({ role }) => role !== 'system');
    if (last?.type === 'function_call_output') return { say: `The tool says ${last.output}` };
    const words = last?.content?.[0]?.text ?? '';
    const call = calls.get(words);
    return call ? { call, arguments: '{}' } : { say: `You said ${words}.` };
  };
  const model = textModel(fake, { acknowledgeWithinMs: 1_000 });
  await model.session.start({ agent: model.agent, record: false });
  await until(() => fake.openConnections === 1);
  return {
    model,
    service: {
      tools: () => fake.tools.map(({ name }) => name),
      instructions: () =>
        fake.received.findLast(({ session }) => session?.['instructions'] !== undefined)?.session?.[
          'instructions'
        ] as string | undefined,
      texts: (role) => fake.texts(role),
      outputs: () =>
        fake.items.flatMap(({ type, output }) => (type === 'function_call_output' ? [output ?? ''] : [])),
      hear: (words) => fake.hear(words),
      callOn: (words, tool) => void calls.set(words, tool),
      onUpdate(answer) {
        if (answer === 'silence') fake.acknowledges = false;
        fake.refusesTool = () => answer === 'reject';
        fake.rejectsSettings = answer === 'reject' ? { code: 'invalid_value', message: 'no' } : null;
      },
      async reconnect() {
        fake.rejectsSettings = null;
        fake.received.length = 0;
        fake.drop();
        await until(() => fake.received.some(({ session }) => session?.['instructions'] !== undefined));
      },
    },
    async stop() {
      await model.session.close();
      await fake.stop();
    },
  };
}

describeVoiceModel('OpenAI Realtime', start);
