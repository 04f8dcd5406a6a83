import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { API_ERRORS } from './protocol/api-errors.ts';
import { connect, type ProtocolClient } from './protocol-client.ts';
import { startRehearsalModel, type RehearsalModel } from './server.ts';

let model: RehearsalModel;
beforeAll(async () => {
  model = await startRehearsalModel({ port: 0, log: () => undefined });
});
afterAll(() => model.close());

const clients: ProtocolClient[] = [];
afterEach(() => {
  model.faults.clear();
  for (const client of clients.splice(0)) client.ws.terminate();
});

async function connected(): Promise<ProtocolClient> {
  const client = await connect(model.url, { output_modalities: ['text'] });
  clients.push(client);
  return client;
}

const typesOf = (client: ProtocolClient) => client.events.map(({ type }) => type);

describe('session.update', () => {
  it('is rejected without effect by a fault', async () => {
    const client = await connected();
    model.faults.add({ kind: 'update_rejected', error: API_ERRORS.server_error }, { times: 1 });
    client.update({ instructions: 'New.' }, 'update_1');
    expect((await client.next('error'))['error']).toEqual({
      ...API_ERRORS.server_error,
      param: null,
      event_id: 'update_1',
    });
    client.update({ max_output_tokens: 100 });
    expect((await client.next('session.updated'))['session']).toMatchObject({ instructions: '' });
  });
});

describe('a response', () => {
  it.each(['rate_limit_exceeded', 'server_error', 'insufficient_quota', 'model_not_found'] as const)('fails with %s, and the next one is said', async (code) => {
    const client = await connected();
    model.faults.add({ kind: 'response_failed', error: API_ERRORS[code] }, { times: 1 });
    client.ask('hello');
    const { response } = await client.next('response.done');
    expect(response).toMatchObject({
      status: 'failed',
      status_details: { type: 'failed', error: API_ERRORS[code] },
      output: [],
      usage: null,
    });
    client.send({ type: 'response.create' });
    expect((await client.next('response.done'))['response']).toMatchObject({ status: 'completed' });
  }); // prettier-ignore

  it('never starts', async () => {
    const client = await connected();
    const turnOff = model.faults.add({ kind: 'response_missing' });
    client.ask('hello');
    client.send({ type: 'response.create' });
    client.update({});
    await client.next('session.updated');
    expect(typesOf(client)).not.toContain('response.created');
    expect(typesOf(client)).not.toContain('error');
    turnOff();
    client.send({ type: 'response.create' });
    expect((await client.next('response.done'))['response']).toMatchObject({ status: 'completed' });
  });

  it('starts but stays silent until it is cancelled', async () => {
    const client = await connected();
    model.faults.add({ kind: 'response_stalled' }, { times: 1 });
    client.ask('hello');
    await client.next('response.created');
    client.send({ type: 'response.create' });
    expect((await client.next('error'))['error']).toMatchObject({
      code: 'conversation_already_has_active_response',
    });
    expect(typesOf(client)).not.toContain('response.output_item.added');
    client.send({ type: 'response.cancel' });
    expect((await client.next('response.done'))['response']).toMatchObject({
      status: 'cancelled',
      output: [],
    });
  });
});

describe('a connection', () => {
  it('is lost without a close frame when a response should start', async () => {
    const client = await connected();
    model.faults.add({ kind: 'connection_lost' }, { times: 1 });
    client.ask('hello');
    expect((await once(client.ws, 'close'))[0]).toBe(1006);
  });

  it('is dropped with all others at once', async () => {
    const both = [await connected(), await connected()];
    const closed = both.map(({ ws }) => once(ws, 'close'));
    model.dropConnections();
    expect((await Promise.all(closed)).map(([code]) => code as number)).toEqual([1006, 1006]);
  });
});

describe('faults', () => {
  it('happen in the order in which they were enabled', async () => {
    const client = await connected();
    model.faults.add({ kind: 'response_failed', error: API_ERRORS.server_error }, { times: 2 });
    model.faults.add({ kind: 'response_failed', error: API_ERRORS.rate_limit_exceeded }, { times: 1 });
    const codes: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      client.ask('hello');
      const { response } = await client.next('response.done');
      codes.push((response as { status_details: { error: { code: string } } }).status_details.error.code);
    }
    expect(codes).toEqual([null, null, 'rate_limit_exceeded']);
  });
});
