import { initializeLogger, voice } from '@livekit/agents';
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

async function conversation(options: ConversationOptions) {
  const started = await startConversation(fake, options);
  cleanups.push(() => started.session.close());
  await until(() => fake.received.some(({ type }) => type === 'session.update'));
  return started;
}

describe('an item of an unknown type', () => {
  const talk = async (without?: WorkaroundName) => {
    fake.reasons = true;
    fake.decide = (items) => echoing(items.filter(({ type }) => type !== 'reasoning'));
    let model: realtime.RealtimeSession | undefined;
    const { session, said } = await conversation({ without, onSession: (made) => (model = made) });
    const remembered = () =>
      model?.chatCtx.items.map((item) => (item.type === 'message' ? item.textContent : item.type));
    session.generateReply({ userInput: 'one' });
    await until(() => said.includes('You said one.'));
    const deleteItem = (item_id: string) => model?.sendEvent({ type: 'conversation.item.delete', item_id });
    return { session, said, remembered, deleteItem };
  };

  it('does not hide the items that follow it', async () => {
    const { session, said, remembered } = await talk();
    session.generateReply({ userInput: 'two' });
    await until(() => said.includes('You said two.'));
    await expect.poll(remembered).toEqual(['one', 'You said one.', 'two', 'You said two.']);
  });

  it('does not hide them when the item before it was deleted either', async () => {
    const { session, said, remembered, deleteItem } = await talk();
    for (const { id = '' } of fake.items.filter(({ type }) => type === 'message')) deleteItem(id);
    await expect.poll(remembered).toEqual([]);
    session.generateReply({ userInput: 'two' });
    await until(() => said.includes('You said two.'));
    await expect.poll(remembered).toEqual(['two', 'You said two.']);
  });

  it('still needed: without the workaround the plugin notes no item that follows it', async () => {
    const { remembered } = await talk('unknownItems');
    await never(() => Boolean(remembered()?.includes('You said one.')));
  });
});

describe('a spoken turn of the user', () => {
  const order = async (without?: WorkaroundName) => {
    fake.decide = () => ({ say: 'It is noon.' });
    const { session } = await conversation({ without });
    const lines: { role: string; createdAt: number }[] = [];
    session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
      if (item.type === 'message') lines.push(item);
    });
    fake.hear('what time is it', { late: true });
    await until(() => lines.length === 2);
    return lines.toSorted((a, b) => a.createdAt - b.createdAt).map(({ role }) => role);
  };

  it('is dated by its start, although its transcript comes after the answer', async () => {
    expect(await order()).toEqual(['user', 'assistant']);
  });

  it('still needed: without the workaround it is dated by its transcript', async () => {
    expect(await order('turnStart')).toEqual(['assistant', 'user']);
  });
});
