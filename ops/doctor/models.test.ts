import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Answer } from './http.ts';
import { judgeModel, readModel, type ModelReading } from './model.ts';
import { judgeModelDates } from './model-dates.ts';

const NOW = new Date('2026-11-30T23:00:00Z');
const answer = (status: number | null, body: unknown = null): Answer => ({
  status,
  body,
  headers: new Headers(),
});
const shutsDown = (shutdown_date: string | null): Answer =>
  answer(200, { id: 'm', object: 'model', created: 1, owned_by: 'system', shutdown_date });

describe('the date of a model', () => {
  const judge = (name: string, given: Answer) =>
    judgeModelDates({ check: 'model', name, change: 'Set OPENAI_REALTIME_MODEL to' }, given, NOW);

  it.each([
    ['that is far away', shutsDown('2027-01-30'), 'ok', /until 2027-01-30/],
    ['that is not announced', shutsDown(null), 'ok', /no announced shutdown date/],
    ['within 60 days', shutsDown('2027-01-29'), 'warning', /2027-01-29, in 60 days/],
    ['of today', shutsDown('2026-11-30'), 'warning', /today/],
    ['of yesterday', shutsDown('2026-11-29'), 'failed', /was shut down on 2026-11-29/],
    [
      'of a model that nobody has',
      answer(404, { error: { code: 'model_not_found' } }),
      'failed',
      /gpt-old does not exist/,
    ],
    ['that the key may not read', answer(403), 'unknown', /403/],
    ['behind a gateway that lists no models', answer(404, 'not found'), 'unknown', /404/],
    ['behind an address where nothing answers', answer(null), 'unknown', /can't be read/],
  ] as const)('%s', (_what, given, state, said) => {
    const finding = judge('gpt-old', given);
    expect(finding).toMatchObject({ state, said: expect.stringMatching(said) });
    expect(finding.fix !== undefined).toBe(state === 'failed' || state === 'warning');
  });

  it.each([
    ['gpt-realtime', 'gpt-realtime-2.1'],
    ['gpt-realtime-mini', 'gpt-realtime-2.1-mini'],
    ['gpt-4o-mini-transcribe', 'gpt-transcribe'],
    ['whisper-1', 'gpt-transcribe'],
  ])('comes with a replacement for %s: %s', (name, replacement) => {
    const { fix } = judge(name, shutsDown('2026-12-24'));
    expect(fix).toMatch(new RegExp(`to ${replacement.replaceAll('.', '\\.')};`));
  });
});

it.each<[ModelReading, RegExp, RegExp]>([
  [{ unreachable: 'ECONNREFUSED' }, /ECONNREFUSED/, /OPENAI_BASE_URL/],
  [{ refused: 401 }, /key is rejected/, /OPENAI_API_KEY/],
  [{ refused: 500 }, /500/, /OPENAI_REALTIME_MODEL/],
  [{ step: 'session', code: 'invalid_api_key' }, /key is rejected/, /OPENAI_API_KEY/],
  [{ step: 'session', code: 'model_not_found' }, /no session of m: model_not_found/, /OPENAI_REALTIME_MODEL/],
  [
    { step: 'settings', code: 'invalid_value', param: 'session.audio' },
    /settings.*session\.audio/,
    /TRANSCRIPTION/,
  ],
  [{ step: 'response', code: 'insufficient_quota' }, /no credit/, /billing/],
  [{ step: 'response', code: 'rate_limit_exceeded' }, /rate limit/, /limits/],
  [{ step: 'response', code: 'server_error' }, /server_error/, /status\.openai/],
  [{ step: 'response', code: 'timeout' }, /no answer/, /status\.openai/],
])('%o is a failure that says what to do', (reading, said, fix) => {
  const finding = judgeModel(reading, 'm');
  expect(finding).toMatchObject({ state: 'failed', said: expect.stringMatching(said) });
  expect(finding.fix).toMatch(fix);
});

describe('the model that is asked for one word', () => {
  let http: Server;
  afterEach(() => void http.close().closeAllConnections());

  async function readFake(answers: (object | string)[], { closesWith }: { closesWith?: string } = {}) {
    const asked: Record<string, unknown>[] = [];
    http = createServer();
    new WebSocketServer({ server: http }).on('connection', (socket) => {
      const next = (): void => {
        const event = answers.shift();
        if (typeof event === 'string') {
          socket.send(event);
          next();
        } else if (event) socket.send(JSON.stringify(event));
        else if (closesWith !== undefined) socket.close(4000, closesWith);
      };
      socket.on('message', (data: Buffer) => {
        asked.push(JSON.parse(data.toString()) as Record<string, unknown>);
        next();
      });
      next();
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1`;
    const model = { key: 'k', name: 'gpt-realtime-2.1', transcriptionModel: 't', noiseReduction: 'off' };
    return { reading: await readModel({ url, ...model }), asked };
  }
  const created = { type: 'session.created', session: {} };
  const updated = { type: 'session.updated', session: {} };
  const done = (response: object) => ({ type: 'response.done', response });

  it('is given the settings of the worker, and then one short question', async () => {
    const { reading, asked } = await readFake([created, updated, done({ status: 'completed' })]);
    expect(reading).toEqual({ step: 'answered' });
    expect(asked).toMatchObject([
      { type: 'session.update', session: { audio: { input: { transcription: { model: 't' } } } } },
      {
        type: 'response.create',
        response: { conversation: 'none', output_modalities: ['text'], reasoning: { effort: 'minimal' } },
      },
    ]);
  });

  it('has answered when it was cut off for its length', async () => {
    const cut = { status: 'incomplete', status_details: { reason: 'max_output_tokens' } };
    expect((await readFake([created, updated, done(cut)])).reading).toEqual({ step: 'answered' });
  });

  it('may say what is no JSON: a proxy on the way did', async () => {
    const { reading } = await readFake(['<html>', created, updated, done({ status: 'completed' })]);
    expect(reading).toEqual({ step: 'answered' });
  });

  it('has not answered when the response failed', async () => {
    const error = { type: 'insufficient_quota', code: 'insufficient_quota' };
    const failed = { status: 'failed', status_details: { type: 'failed', error } };
    expect((await readFake([created, updated, done(failed)])).reading).toEqual({
      step: 'response',
      code: 'insufficient_quota',
    });
  });

  it('may reject the settings', async () => {
    const error = { type: 'invalid_request_error', code: 'invalid_value', param: 'session.audio' };
    expect((await readFake([created, { type: 'error', error }])).reading).toEqual({
      step: 'settings',
      code: 'invalid_value',
      param: 'session.audio',
    });
  });

  it('may close the connection with a reason and no event', async () => {
    const { reading } = await readFake([], { closesWith: 'invalid_request_error.model_not_found' });
    expect(reading).toMatchObject({ step: 'session', code: 'model_not_found' });
  });
});
