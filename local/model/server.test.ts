import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connect, type ProtocolClient } from './protocol-client.ts';
import { addNote, currentTime, sampleTools, tool } from './sample-tools.ts';
import { startRehearsalModel, type RehearsalModel } from './server.ts';

let model: RehearsalModel;
const lines: string[] = [];
beforeAll(async () => {
  model = await startRehearsalModel({ port: 0, log: (line) => lines.push(line) });
});
afterAll(() => model.close());

const Item = z.looseObject({ id: z.string(), type: z.string() });

const clients: ProtocolClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.ws.terminate();
});

async function connected(session: object = {}, name?: string): Promise<ProtocolClient> {
  const client = await connect(model.url, session, name);
  clients.push(client);
  return client;
}

async function json(path: string): Promise<unknown> {
  return (await fetch(model.url.replace('/v1', '') + path)).json();
}

describe('connection', () => {
  it('lists each session with its state until it ends', async () => {
    const client = await connected({
      tools: [addNote],
      instructions: 'Be kind.',
      audio: { output: { voice: 'coral' } },
    });
    const facts = {
      model: 'gpt-realtime',
      instructions: 'Be kind.',
      tools: [addNote],
      voice: 'coral',
      tool_updates: { accepted: 1, rejected: 0 },
      items: 0,
    };
    expect(await json('/v1/sessions')).toEqual([expect.objectContaining(facts)]);
    expect(await json('/v1/sentences')).toMatchObject({
      sentences: expect.arrayContaining(['add a note buy milk']),
    });
    const closed = new Promise((resolve) => client.ws.once('close', resolve));
    client.ws.close();
    await closed;
    await expect.poll(() => json('/v1/sessions')).toEqual([]);
    expect(await json('/health')).toMatchObject({ ok: true });
    expect(lines.at(-1)).toMatch(/^sess_\w+ closed$/);
  });
});

describe('a frame of bytes', () => {
  it('is refused, and the session continues', async () => {
    const client = await connected();
    client.ws.send(Buffer.alloc(64));
    expect((await client.next('error'))['error']).toMatchObject({ code: 'invalid_event', event_id: null });
    client.update({});
    await client.next('session.updated');
  });
});

describe('session.update', () => {
  it('returns the whole session', async () => {
    const client = await connected({ instructions: 'Be kind.' });
    client.update({ tools: sampleTools, max_output_tokens: 2000 });
    expect((await client.next('session.updated'))['session']).toMatchObject({
      model: 'gpt-realtime',
      instructions: 'Be kind.',
      max_output_tokens: 2000,
      tools: sampleTools,
    });
  });

  it('leaves the session unchanged if it is refused', async () => {
    const client = await connected({ tools: [addNote] });
    client.update({ instructions: 'New.', tools: [currentTime, tool('not good', '')] }, 'tools_update_9');
    expect((await client.next('error'))['error']).toMatchObject({
      type: 'invalid_request_error',
      code: 'invalid_value',
      param: 'session.tools[1].name',
      event_id: 'tools_update_9',
    });
    expect(await json('/v1/sessions')).toMatchObject([{ tools: [addNote], instructions: '' }]);
  });
});

describe('a response', () => {
  it("follows the API's order of events, with its transcript in step and its usage", async () => {
    const client = await connected();
    client.send({
      type: 'response.create',
      response: { instructions: 'Greet the user with: "Hello there."', metadata: { client_event_id: 'e1' } },
    });
    expect((await client.next('response.created'))['response']).toMatchObject({
      metadata: { client_event_id: 'e1' },
    });
    const { response } = await client.next('response.done');
    const types = client.typesSince('response.created').filter((type, n, all) => type !== all[n - 1]);
    expect(types.filter((type) => !type.endsWith('.delta'))).toEqual([
      'response.created',
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added',
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
      'rate_limits.updated',
    ]);
    expect(types.filter((type) => type === 'response.output_audio.delta').length).toBeGreaterThan(1);
    await client.next('rate_limits.updated');
    expect(response).toMatchObject({
      status: 'completed',
      max_output_tokens: 'inf',
      audio: { output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'alloy' } },
      metadata: { client_event_id: 'e1' },
      output: [{ content: [{ type: 'output_audio', transcript: 'Hello there.' }] }],
      usage: { input_token_details: { cached_tokens: 0 } },
    });
  });

  it('of a reasoning model has several items, each at its place in the conversation', async () => {
    const client = await connected({ tools: sampleTools, output_modalities: ['text'] }, 'gpt-realtime-2.1');
    client.ask('what time is it in Tokyo and list my notes');
    const { response } = await client.next('response.done');
    const types = ['reasoning', 'message', 'function_call', 'function_call'];
    const { output } = z.object({ output: z.array(Item) }).parse(response);
    expect(output.map(({ type }) => type)).toEqual(types);
    const placed = client.events.filter(({ type }) => /output_item|conversation\.item/.test(type)).slice(2); // the first are of the question
    expect(placed.map(({ type }) => type)).toEqual(
      types.flatMap(() => ['response.output_item.added', 'conversation.item.added', 'conversation.item.done', 'response.output_item.done']),
    );
    const indexes = client.events.flatMap((event) => event['output_index'] ?? []);
    expect([...new Set(indexes)]).toEqual([0, 1, 2, 3]);
    const added = placed.filter(({ type }) => type === 'conversation.item.added');
    expect(added.slice(1).map((event) => event['previous_item_id'])).toEqual(
      output.slice(0, -1).map(({ id }) => id),
    );
  }); // prettier-ignore

  it('calls a tool, refuses the output of another call, and says the output of this one', async () => {
    const client = await connected({ tools: sampleTools, output_modalities: ['text'] });
    client.ask('what time is it in Tokyo');
    const { item } = await client.next('response.output_item.done');
    expect(item).toMatchObject({
      type: 'function_call',
      name: currentTime.name,
      arguments: '{"city":"Tokyo"}',
    });
    await client.next('response.done');
    const { call_id } = z.object({ call_id: z.string() }).parse(item);
    const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: '"It is noon."' });
    client.send({ type: 'conversation.item.create', event_id: 'wrong', item: output('call_other') });
    expect((await client.next('error'))['error']).toMatchObject({
      code: 'invalid_tool_call_id',
      event_id: 'wrong',
    });
    client.send({ type: 'conversation.item.create', item: output(call_id) });
    client.send({ type: 'response.create' });
    expect(await client.next('response.output_text.done')).toMatchObject({ text: 'It is noon.' });
  });

  it('is the only one at a time', async () => {
    const client = await connected();
    client.ask('tell me a long story');
    client.send({ type: 'response.create', event_id: 'second' });
    expect((await client.next('error'))['error']).toMatchObject({
      code: 'conversation_already_has_active_response',
      event_id: 'second',
    });
  });

  it('ends at once when it is cancelled, so that the next can start', async () => {
    const client = await connected();
    client.ask('tell me a long story');
    await client.next('response.output_audio.delta');
    client.send({ type: 'response.cancel' });
    client.ask('hello');
    expect((await client.next('response.done'))['response']).toMatchObject({
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'client_cancelled' },
      output: [{ status: 'incomplete' }],
    });
    expect(await client.next('response.output_audio_transcript.done')).toMatchObject({
      transcript: 'Hello. What can I do for you?',
    });
    await client.next('response.done');
    client.send({ type: 'response.cancel', event_id: 'late' });
    expect((await client.next('error'))['error']).toMatchObject({ code: 'response_cancel_not_active' });
  });

  it('continues while the tools change', async () => {
    const client = await connected({ tools: [addNote] });
    client.ask('tell me a story');
    await client.next('response.output_audio.delta');
    client.update({ tools: [currentTime] });
    await client.next('session.updated');
    expect((await client.next('response.output_audio.delta')).type).toBe('response.output_audio.delta');
    expect(client.events.some((event) => event.type === 'response.done')).toBe(false);
  });
});
