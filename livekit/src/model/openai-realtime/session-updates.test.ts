import { initializeLogger, llm } from '@livekit/agents';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeModel } from '../../testing/fake-model.ts';
import { snapshotServer, storedTool } from '../../testing/snapshot.ts';
import { textModel } from '../../testing/text-model.ts';
import { type Published, Publisher } from '../../tools/publisher.ts';
import { ToolCapacity } from '../../tools/tool-capacity.ts';
import { type ModelTool, buildToolSet } from '../../tools/tool-set.ts';
import { memoryOf } from '../history.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

let fake: FakeModel;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  fake = new FakeModel();
  await fake.start();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await fake.stop();
});

const setOf = (...names: string[]) =>
  buildToolSet([
    {
      server: snapshotServer({ id: 's', name: 'srv', tools: names.map((name) => storedTool(name)) }),
      live: null,
    },
  ]);
const heldNames = () => fake.tools.map(({ name }) => name);

const toFunctionTool = ({ name, description, parameters }: ModelTool) =>
  llm.tool({ name, description, parameters, execute: async () => 'ok' });

async function talk(acknowledgeWithinMs = 500) {
  const model = textModel(fake, { acknowledgeWithinMs });
  const { session, agent } = model;
  await session.start({ agent, record: false });
  const heard: string[] = [];
  model.live.on('openai_server_event_received', ({ type }: { type: string }) => heard.push(type));
  cleanups.push(() => session.close());
  const published: Published[] = [];
  const excluded: string[] = [];
  const publisher = new Publisher({
    push: (tools) => model.pushTools(tools.map(toFunctionTool)),
    capacity: new ToolCapacity({ tools: 128, tokens: 16_384 }),
    onPublished: (entry) => published.push(entry),
    onExcluded: ({ name }) => excluded.push(name),
    onTooLarge: (_tools, message) => expect.unreachable(message),
    onFault: (error) => expect.unreachable(String(error)),
    retryMs: 50,
  });
  cleanups.push(async () => publisher.stop());
  return { publisher, published, excluded, model, agent, heard };
}

describe('tools of a live session', () => {
  it('are swapped, and the model says so', async () => {
    const { publisher, published } = await talk();
    publisher.offer(setOf('one'));
    publisher.offer(setOf('one', 'two'));
    await publisher.settled();
    expect(heldNames()).toEqual(['srv__one', 'srv__two']);
    expect(published.at(-1)).toMatchObject({ acknowledged: true });
  });

  it('stay the last good ones when the model refuses one, which is left out', async () => {
    const { publisher, excluded } = await talk();
    publisher.offer(setOf('one'));
    await publisher.settled();
    fake.refusesTool = (name) => name === 'srv__bad';
    publisher.offer(setOf('one', 'bad', 'two'));
    await publisher.settled();
    expect(heldNames()).toEqual(['srv__one', 'srv__two']);
    expect(excluded).toEqual(['srv__bad']);
  });

  it('swapped while the model is away are the ones it holds afterwards', async () => {
    const { publisher, published } = await talk(150);
    publisher.offer(setOf('one'));
    await publisher.settled();
    await fake.stop();
    publisher.offer(setOf('two'));
    await expect.poll(() => published.at(-1)?.acknowledged, { interval: 5 }).toBe(false);
    await fake.start();
    await publisher.settled();
    expect(heldNames()).toEqual(['srv__two']);
    expect(published.at(-1)).toMatchObject({ acknowledged: true });
  });

  it('are not taken for acknowledged by the silence of the model', async () => {
    const { publisher, published } = await talk(30);
    fake.acknowledges = false;
    publisher.offer(setOf('one'));
    await expect.poll(() => published.length, { interval: 5 }).toBe(1);
    expect(published[0]).toMatchObject({ acknowledged: false });
    fake.acknowledges = true;
    await publisher.settled();
    expect(published.at(-1)).toMatchObject({ acknowledged: true });
  });

  it('are acknowledged in the form that the model gives them', async () => {
    const { publisher, published } = await talk(10_000);
    fake.writesBack = ({ name }) => ({ name, strict: null, parameters: { type: 'object' } });
    publisher.offer(setOf('one'));
    await publisher.settled();
    expect(published).toMatchObject([{ acknowledged: true }]);
  });

  it('of which only a schema changed are not acknowledged by a late word on the former ones', async () => {
    const { agent, model, heard } = await talk(10_000);
    const described = (description: string) =>
      buildToolSet([
        {
          server: snapshotServer({ id: 's', name: 'srv', tools: [storedTool('one', { description })] }),
          live: null,
        },
      ]).tools.map(toFunctionTool);
    fake.writesBack = ({ name }) => ({ name });
    await model.pushTools(described('Older.'));
    fake.late = [];
    await agent.updateTools(described('Old.'));
    let isAnswered = false;
    const push = model.pushTools(described('New.')).finally(() => (isAnswered = true));
    await expect.poll(() => fake.late?.length, { interval: 5 }).toBe(2);
    const [former, latter] = fake.late;
    const before = heard.length;
    former?.();
    await expect.poll(() => heard.slice(before), { interval: 5 }).toContain('session.updated');
    expect(isAnswered).toBe(false);
    latter?.();
    await expect(push).resolves.toEqual({ outcome: 'acknowledged' });
  });

  it('are rejected also by an error that names no event', async () => {
    const { publisher, excluded } = await talk(10_000);
    fake.namesEvents = false;
    fake.refusesTool = (name) => name === 'srv__bad';
    publisher.offer(setOf('one', 'bad'));
    await publisher.settled();
    expect(heldNames()).toEqual(['srv__one']);
    expect(excluded).toEqual(['srv__bad']);
  });

  it('are told of in one system line at the end of the conversation', async () => {
    const { model } = await talk();
    model.notify('Tools added: srv__one.');
    await expect.poll(() => fake.texts('system'), { interval: 5 }).toEqual(['Tools added: srv__one.']);
  });

  it('stay told when the framework takes back words that nobody has heard', async () => {
    const { model, agent } = await talk();
    model.notify('Tools added: srv__one.');
    await expect.poll(() => model.live.chatCtx.items.length, { interval: 5 }).toBe(1);
    await model.live.updateChatCtx(memoryOf(agent));
    expect(fake.texts('system')).toEqual(['Tools added: srv__one.']);
  });
});

it('instructions that the model rejects are reported as such, others as accepted', async () => {
  const { model } = await talk();
  await expect(model.setInstructions('Be brief.')).resolves.toBe('now');
  fake.rejectsSettings = { code: 'invalid_value', message: 'too many tokens' };
  await expect(model.setInstructions('Be long.')).resolves.toBe('rejected');
});

it('instructions that the model says nothing about count as accepted', async () => {
  const { model } = await talk(50);
  fake.acknowledges = false;
  await expect(model.setInstructions('Be brief.')).resolves.toBe('now');
});
