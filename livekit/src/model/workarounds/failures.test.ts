import { setTimeout as sleep } from 'node:timers/promises';
import { initializeLogger, voice } from '@livekit/agents';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ModelFailure } from '../model-failure.ts';
import { FakeModel, type Turn } from '../../testing/fake-model.ts';
import { createAgentSession } from '../openai-realtime/openai-realtime.ts';
import { WORKAROUNDS, createPatchedModel, watchModel } from './patched-model.ts';

type WorkaroundName = keyof typeof WORKAROUNDS;

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

async function conversation(without?: WorkaroundName) {
  const fatal: ModelFailure[] = [];
  const unanswered: string[] = [];
  const connection: string[] = [];
  const workarounds = Object.entries(WORKAROUNDS).filter(([name]) => name !== without);
  const model = createPatchedModel(
    { baseURL: fake.url, apiKey: 'key', modalities: ['text'] },
    (session) =>
      watchModel(session, {
        onFatal: (failure) => fatal.push(failure),
        onUnanswered: ({ kind }) => unanswered.push(kind),
        onDisconnected: ({ kind }) => connection.push(kind),
        onConnected: () => connection.push('connected'),
      }),
    workarounds.map(([, workaround]) => workaround),
  );
  const session = createAgentSession(model);
  const said: string[] = [];
  const closes: string[] = [];
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    if (item.type === 'message' && item.role === 'assistant') said.push(item.textContent ?? '');
  });
  session.on(voice.AgentSessionEventTypes.Close, ({ reason }) => closes.push(reason));
  await session.start({ agent: new voice.Agent({ instructions: 'Test.' }), record: false });
  cleanups.push(() => session.close());
  return { session, said, closes, fatal, unanswered, connection };
}

const until = (condition: () => unknown, timeout = 15_000) =>
  expect.poll(condition, { timeout, interval: 5 }).toBeTruthy();

function turns(...list: Turn[]): void {
  fake.decide = () => (list.length > 1 ? list.shift() : list[0]) as Turn;
}

describe('a lasting failure of the model', () => {
  const error = { type: 'invalid_request_error', code: 'model_not_found', message: 'No such model.' };

  it.each<[string, Partial<FakeModel>, string]>([
    ['rejects the dial', { refusal: { status: 404, body: { error } } }, 'model_not_found'],
    ['rejects the key', { refusal: { status: 401 } }, 'key_rejected'],
    [
      'sends an error with the handshake',
      { farewell: { event: { type: 'error', error }, code: 1000 } },
      'model_not_found',
    ],
    ['closes with a reason', { farewell: { code: 4004, reason: 'model_not_found' } }, 'model_not_found'],
    [
      'rejects the settings',
      { rejectsSettings: { code: 'invalid_value', message: 'no' } },
      'settings_rejected',
    ],
  ])('ends the session with its reason when the model %s', async (_, how, kind) => {
    Object.assign(fake, how);
    const { closes, fatal } = await conversation();
    await until(() => closes.length > 0);
    expect(fatal).toMatchObject([{ kind }]);
    expect(closes).toEqual(['error']);
    const { dials } = fake;
    await sleep(300);
    expect(fake.dials).toBe(dials);
  });

  it('ends the session with its reason when a response fails', async () => {
    turns({ fail: { type: 'insufficient_quota', code: 'insufficient_quota' } });
    const { session, closes, fatal } = await conversation();
    session.generateReply({ userInput: 'hello' });
    await until(() => closes.length > 0);
    expect(fatal).toMatchObject([{ kind: 'quota_exhausted' }]);
  });
});

describe('an error that comes with the handshake', () => {
  it('still needed: without the workaround it is lost', async () => {
    fake.farewell = {
      event: { type: 'error', error: { code: 'insufficient_quota', message: '' } },
      code: 1000,
    };
    const { closes } = await conversation('dial');
    await until(() => fake.dials > 2);
    expect(closes).toEqual([]);
  });
});

describe('a model that closes every connection', () => {
  it('is dialed with growing waits', async () => {
    fake.farewell = { code: 3000 };
    const { connection, fatal } = await conversation();
    await until(() => fake.dials === 4);
    const begin = performance.now();
    await until(() => fake.dials === 5);
    expect(performance.now() - begin).toBeGreaterThan(600);
    fake.farewell = null;
    await until(() => connection.at(-1) === 'connected');
    expect(connection[0]).toBe('connection_lost');
    expect(fatal).toEqual([]);
  });
});

describe('a model that is unreachable for two minutes', () => {
  it.each<[string, (fake: FakeModel) => Promise<void>]>([
    ['refuses connections', (model) => model.stop()],
    [
      'closes connections',
      async (model) => {
        model.farewell = { code: 3000 };
        model.drop();
      },
    ],
  ])('ends the session when it %s', async (_, leave) => {
    const { closes, fatal } = await conversation();
    await until(() => fake.received.length > 0);
    const begin = performance.now();
    const clock = vi
      .spyOn(performance, 'now')
      .mockImplementation(() => begin + 20 * (process.uptime() * 1_000 - began));
    const began = process.uptime() * 1_000;
    cleanups.push(async () => clock.mockRestore());
    await leave(fake);
    await until(() => closes.length > 0);
    expect(fatal).toMatchObject([{ kind: 'unavailable' }]);
  });
});

describe('a model that fails to apply the settings', () => {
  it('is dialed again', async () => {
    fake.rejectsSettings = { type: 'server_error', message: 'no' };
    const { connection, fatal } = await conversation();
    await until(() => fake.dials > 2);
    fake.rejectsSettings = null;
    await until(() => connection.at(-1) === 'connected');
    expect(fatal).toEqual([]);
  });
});

describe('a model that limits the rate of dials', () => {
  it('is not dialed before its Retry-After has passed', async () => {
    fake.refusal = { status: 429, headers: { 'retry-after': '1' } };
    await conversation();
    await until(() => fake.dials === 1);
    await sleep(700);
    expect(fake.dials).toBe(1);
    fake.refusal = null;
    await until(() => fake.connections === 1);
    expect(fake.dials).toBe(2);
  });
});

describe('a response that fails', () => {
  it('is requested again, and the turn has one answer and no reported failure', async () => {
    turns({ fail: { type: 'server_error' } }, { say: 'Here it is.' });
    const { session, said, unanswered } = await conversation();
    await session.generateReply({ userInput: 'hello' }).waitForPlayout();
    expect(said).toEqual(['Here it is.']);
    expect(unanswered).toEqual([]);
    expect(fake.texts('user')).toEqual(['hello']);
  });

  it('leaves the turn unanswered when it fails twice, and the next turn is answered', async () => {
    const failure = { fail: { type: 'server_error' } };
    turns(failure, failure, { say: 'Here it is.' });
    const { session, said, unanswered } = await conversation();
    await session.generateReply({ userInput: 'hello' }).waitForPlayout();
    expect(unanswered).toEqual(['server_error']);
    await session.generateReply({ userInput: 'and now' }).waitForPlayout();
    expect(said).toEqual(['Here it is.']);
  });

  it('still needed: without the workaround the turn is silent', async () => {
    turns({ fail: { type: 'server_error' } }, { say: 'Here it is.' });
    const { session, said } = await conversation('failedAnswers');
    await session.generateReply({ userInput: 'hello' }).waitForPlayout();
    await sleep(1_000);
    expect(said).toEqual([]);
  });
});

describe('a model that does not respond', () => {
  it('gets a second request, then the turn is reported and the next one uses a new connection', async () => {
    turns({ silence: true }, { silence: true }, { say: 'Here it is.' });
    const { session, said, unanswered } = await conversation();
    await session.generateReply({ userInput: 'hello' }).waitForPlayout();
    await until(() => unanswered.length > 0);
    expect(unanswered).toEqual(['no_answer']);
    await until(() => fake.connections === 2);
    await until(() => fake.texts('user').length === 1);
    await session.generateReply({ userInput: 'and now' }).waitForPlayout();
    expect(said).toEqual(['Here it is.']);
  }, 30_000);
});
