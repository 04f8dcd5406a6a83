import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connect, type ProtocolClient, type ServerEvent } from '../protocol-client.ts';
import { currentTime, sampleTools } from '../sample-tools.ts';
import { startRehearsalModel, type RehearsalModel } from '../server.ts';

let model: RehearsalModel;
beforeAll(async () => {
  model = await startRehearsalModel({ port: 0, log: () => undefined });
});
afterAll(() => model.close());

const clients: ProtocolClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.ws.terminate();
});

async function connected(session: object = {}): Promise<ProtocolClient> {
  const client = await connect(model.url, session);
  clients.push(client);
  return client;
}

const filler = (text: string, more: object = {}) => ({
  type: 'response.create',
  response: { conversation: 'none', input: [], instructions: `Say: "${text}"`, ...more },
});

const ResponseEvent = z.looseObject({
  response: z.looseObject({ id: z.string(), conversation_id: z.string().nullable() }),
});
const responseOf = (event: ServerEvent) => ResponseEvent.parse(event).response;

describe('an out-of-band response', () => {
  it('is spoken without adding to the conversation', async () => {
    const client = await connected();
    client.send(filler('One moment.', { metadata: { purpose: 'filler' } }));
    const { response } = await client.next('response.done');
    expect(response).toMatchObject({
      status: 'completed',
      conversation_id: null,
      metadata: { purpose: 'filler' },
      output: [{ content: [{ transcript: 'One moment.' }] }],
    });
    expect(client.typesSince('response.created').filter((type) => type.startsWith('conversation.'))).toEqual(
      [],
    );
    const sessions = (await (await fetch(`${model.url}/sessions`)).json()) as { items: number }[];
    expect(sessions.at(-1)?.items).toBe(0);
  });

  it("uses its own instructions and tools instead of the session's", async () => {
    const client = await connected({ tools: sampleTools, instructions: 'Be brief. '.repeat(100) });
    client.send(filler('One moment.', { tools: [] }));
    const { response } = await client.next('response.done');
    expect(response).toMatchObject({
      usage: { input_tokens: Math.ceil('"Say: \\"One moment.\\""[][]'.length / 4) },
    });
  });

  it('runs next to a response in the conversation, which allows only one', async () => {
    const client = await connected();
    client.ask('tell me a long story');
    const story = responseOf(await client.next('response.created'));
    expect(story.conversation_id).toMatch(/^conv_/);
    client.send(filler('One moment.'));
    const beside = responseOf(await client.next('response.created'));
    expect(responseOf(await client.next('response.done')).id).toBe(beside.id);
    client.send({ type: 'response.create' });
    expect((await client.next('error'))['error']).toMatchObject({
      code: 'conversation_already_has_active_response',
    });
  });

  it('is cancelled only by its id', async () => {
    const client = await connected();
    client.send(filler('One moment, this takes a little longer than it usually does.'));
    const { id } = responseOf(await client.next('response.created'));
    client.send({ type: 'response.cancel', event_id: 'plain' });
    expect((await client.next('error'))['error']).toMatchObject({
      code: 'response_cancel_not_active',
      event_id: 'plain',
    });
    client.send({ type: 'response.cancel', response_id: id });
    expect((await client.next('response.done'))['response']).toMatchObject({ id, status: 'cancelled' });
  });

  it('uses its own input, by value and by reference, instead of the conversation', async () => {
    const client = await connected({ tools: sampleTools, output_modalities: ['text'] });
    const item = (text: string, id?: string) => ({
      id,
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text }],
    });
    client.send({ type: 'conversation.item.create', item: item('what time is it in Tokyo', 'question') });
    client.send({ type: 'conversation.item.create', item: item('hello') });
    const beside = (response: object) =>
      client.send({ type: 'response.create', response: { conversation: 'none', ...response } });
    beside({ input: [item('list my notes')], tools: [currentTime] });
    expect(await client.next('response.output_text.done')).toMatchObject({
      text: expect.stringMatching(/^I have no tool for that/),
    });
    await client.next('response.done');
    beside({ input: [{ type: 'item_reference', id: 'question' }] });
    expect((await client.next('response.output_item.done'))['item']).toMatchObject({
      name: currentTime.name,
    });
    beside({});
    expect(await client.next('response.output_text.done')).toMatchObject({
      text: 'Hello. What can I do for you?',
    });
    beside({ input: [{ type: 'item_reference', id: 'nowhere' }] });
    expect((await client.next('error'))['error']).toMatchObject({ param: 'response.input[0].id' });
  });
});
