import type { realtime } from '@livekit/agents-plugin-openai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AnswerWatch } from './answer-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watching() {
  const log: string[] = [];
  const sent: realtime.ClientEvent[] = [];
  const watch = new AnswerWatch({
    send: (event) => {
      sent.push(event);
      log.push(event.type);
      watch.sent(event);
    },
    endResponse: () => log.push('ended'),
    onFatal: ({ kind }) => log.push(`fatal ${kind}`),
    onFailed: ({ kind }) => log.push(`failed ${kind}`),
    onAnswered: () => log.push('answered'),
  });
  const shows = (event: object) => !watch.received(event as realtime.ServerEvent);
  const ask = (response: object = {}) => watch.sent({ type: 'response.create', event_id: 'ask', response });
  const created = (id: string, rest: object = {}) =>
    shows({ type: 'response.created', response: { id, ...rest } });
  const done = (id: string, error?: object) =>
    shows({
      type: 'response.done',
      response: {
        id,
        status: error ? 'failed' : 'completed',
        status_details: error ? { type: 'failed', error } : null,
      },
    });
  const delta = (id: string) => shows({ type: 'response.output_audio.delta', response_id: id, delta: '' });
  const hear = (transcript?: string) => {
    shows({ type: 'input_audio_buffer.committed', item_id: 'item' });
    if (transcript === undefined) return;
    const type = 'conversation.item.input_audio_transcription.completed';
    shows({ type, item_id: 'item', transcript });
  };
  return { watch, log, sent, shows, ask, created, done, delta, hear };
}

const SERVER_ERROR = { type: 'server_error' };
const rateLimit = (wait: string) => ({
  code: 'rate_limit_exceeded',
  message: `Please try again in ${wait}.`,
});

describe('an answer', () => {
  it('that comes is left alone', () => {
    const { log, ask, created, delta, done } = watching();
    ask();
    expect([created('1'), delta('1'), done('1')]).toEqual([true, true, true]);
    vi.advanceTimersByTime(60_000);
    expect(log).toEqual(['answered']);
  });

  it('that fails is asked for once more, of which the plugin sees only what is said', () => {
    const { log, sent, ask, created, delta, done } = watching();
    ask({ metadata: { client_event_id: 'ask' } });
    created('1');
    expect(done('1', SERVER_ERROR)).toBe(false);
    vi.advanceTimersByTime(500);
    expect(sent).toMatchObject([{ type: 'response.create', event_id: 'ask' }]);
    expect([created('2'), delta('2'), done('2')]).toEqual([false, true, true]);
    expect(log).toEqual(['response.create', 'answered']);
  });

  it('that fails twice is reported, and the plugin sees its end', () => {
    const { log, ask, created, done } = watching();
    ask();
    created('1');
    done('1', SERVER_ERROR);
    vi.advanceTimersByTime(500);
    created('2');
    expect(done('2', SERVER_ERROR)).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(log).toEqual(['response.create', 'failed server_error']);
  });

  it.each([
    ['1.5s', ['response.create']],
    ['20s', ['failed rate_limited']],
  ])('that may be tried again in %s is waited for, or reported at once', (wait, expected) => {
    const { log, ask, created, done } = watching();
    ask();
    created('1');
    done('1', rateLimit(wait));
    vi.advanceTimersByTime(1_499);
    expect(log).toEqual(wait === '20s' ? expected : []);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(expected);
  });

  it('waits for the rate limits that the model reports, when the error names no time', () => {
    const { log, shows, ask, created, done } = watching();
    ask();
    shows({ type: 'rate_limits.updated', rate_limits: [{ name: 'tokens', remaining: 0, reset_seconds: 2 }] });
    created('1');
    done('1', { code: 'rate_limit_exceeded' });
    vi.advanceTimersByTime(1_999);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(['response.create']);
  });

  it('that failed for good ends the session', () => {
    const { log, ask, created, done } = watching();
    ask();
    created('1');
    done('1', { code: 'insufficient_quota' });
    expect(log).toEqual(['fatal quota_exhausted']);
  });

  it('whose request is rejected is asked for again, then reported', () => {
    const { log, shows, ask } = watching();
    const error = { type: 'invalid_request_error', code: 'invalid_value', event_id: 'ask' };
    ask();
    expect(shows({ type: 'error', error })).toBe(false);
    vi.advanceTimersByTime(500);
    expect(shows({ type: 'error', error })).toBe(true);
    expect(log).toEqual(['response.create', 'failed request_rejected']);
  });

  it('that is empty is asked for again, unless the model gave it by itself', () => {
    const { log, ask, hear, created, done } = watching();
    ask();
    created('1');
    expect(done('1')).toBe(false);
    vi.advanceTimersByTime(500);
    created('2');
    expect(done('2')).toBe(true);
    hear('I was only thinking aloud');
    created('3');
    expect(done('3')).toBe(true);
    expect(log).toEqual(['response.create', 'failed empty_answer', 'answered']);
  });

  it('that fails after a call was made is not asked for again: the result of the call is to come', () => {
    const { log, shows, ask, created, done } = watching();
    ask();
    created('1');
    shows({ type: 'response.output_item.done', response_id: '1', item: { type: 'function_call' } });
    expect(done('1', SERVER_ERROR)).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(log).toEqual([]);
  });

  it('that the content filter withholds is reported without a second try', () => {
    const { log, shows, ask, created } = watching();
    ask();
    created('1');
    const status_details = { type: 'incomplete', reason: 'content_filter' };
    shows({ type: 'response.done', response: { id: '1', status: 'incomplete', status_details } });
    expect(log).toEqual(['failed filtered']);
  });
});

describe('an answer that does not come', () => {
  it('is asked for again after 5 s, and reported after 5 more', () => {
    const { log, ask } = watching();
    ask();
    vi.advanceTimersByTime(4_999);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(['response.create']);
    vi.advanceTimersByTime(5_000);
    expect(log).toEqual(['response.create', 'failed no_answer']);
  });

  it('is awaited as well when the model should give it by itself', () => {
    const { log, hear, created, delta, done } = watching();
    hear('what time is it');
    vi.advanceTimersByTime(5_000);
    expect(log).toEqual(['response.create']);
    expect([created('1'), delta('1'), done('1')]).toEqual([true, true, true]);
    expect(log).toEqual(['response.create', 'answered']);
  });

  it('is not awaited for a cough, nor while the user speaks on', () => {
    const { log, hear, shows } = watching();
    hear('');
    vi.advanceTimersByTime(60_000);
    hear();
    shows({ type: 'input_audio_buffer.speech_started' });
    vi.advanceTimersByTime(60_000);
    expect(log).toEqual([]);
  });

  it('is cancelled when it stops in the middle, then asked for again; its own end is not shown', () => {
    const { log, ask, created, delta, done } = watching();
    ask();
    created('1');
    vi.advanceTimersByTime(19_999);
    delta('1');
    vi.advanceTimersByTime(19_999);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(['response.cancel', 'response.create']);
    expect(done('1')).toBe(false);
    expect(created('2')).toBe(false);
    vi.advanceTimersByTime(20_000);
    expect(log.slice(2)).toEqual(['response.cancel', 'failed no_answer', 'ended']);
  });
});

describe('a second request', () => {
  it.each<[string, (watched: ReturnType<typeof watching>) => void]>([
    ['speaks', ({ shows }) => shows({ type: 'input_audio_buffer.speech_started' })],
    ['interrupts', ({ watch }) => watch.sent({ type: 'response.cancel' })],
    ['asks for something else', ({ ask }) => ask()],
  ])('is not made when the user %s meanwhile: the plugin sees the end of the first', (_, act) => {
    const watched = watching();
    watched.ask();
    watched.created('1');
    watched.done('1', SERVER_ERROR);
    act(watched);
    vi.advanceTimersByTime(500);
    expect(watched.log).toEqual(['ended']);
  });

  it('is never made for a few words beside the conversation', () => {
    const { log, ask, created, done } = watching();
    ask({ conversation: 'none', metadata: { client_event_id: 'ask' } });
    vi.advanceTimersByTime(60_000);
    expect(created('1', { metadata: { client_event_id: 'ask' } })).toBe(true);
    expect(done('1', SERVER_ERROR)).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(log).toEqual([]);
  });
});

describe('a connection that is lost', () => {
  it('takes an answer with it, which is asked for on the next one', () => {
    const { watch, log, ask, created, delta, done } = watching();
    ask();
    created('1');
    watch.connectionLost();
    vi.advanceTimersByTime(60_000);
    watch.reconnected();
    expect(log).toEqual(['response.create']);
    expect([created('2'), delta('2'), done('2')]).toEqual([true, true, true]);
    expect(log).toEqual(['response.create', 'answered']);
  });

  it('costs nothing that was said by then, and no request that others send again', () => {
    const { watch, log, ask, created, delta } = watching();
    ask();
    watch.connectionLost();
    watch.reconnected();
    ask();
    created('1');
    delta('1');
    watch.connectionLost();
    watch.reconnected();
    expect(log).toEqual([]);
  });

  it('is reported when it took words of the user with it that nobody has written down', () => {
    const { watch, log, hear } = watching();
    hear();
    watch.connectionLost();
    watch.reconnected();
    expect(log).toEqual(['failed connection_lost']);
    hear('what time is it');
    watch.connectionLost();
    watch.reconnected();
    expect(log).toEqual(['failed connection_lost', 'response.create']);
  });

  it.each([0, 500])('%i ms after an answer failed has it asked for again, once', (afterMs) => {
    const { watch, log, ask, created, done } = watching();
    ask();
    created('1');
    done('1', SERVER_ERROR);
    vi.advanceTimersByTime(afterMs);
    watch.connectionLost();
    watch.reconnected();
    expect(log).toEqual(['response.create']);
  });
});

it('errors that are no failure of an answer are shown, and those for good end the session', () => {
  const { log, shows, ask } = watching();
  ask();
  expect(shows({ type: 'error', error: { type: 'invalid_request_error', event_id: 'tools' } })).toBe(true);
  expect(shows({ type: 'error', error: { code: 'model_not_found', event_id: null } })).toBe(false);
  expect(log).toEqual(['fatal model_not_found']);
});

it('a response that nobody waits for ends the session as well when its failure is one for good', () => {
  const { log, created, done } = watching();
  created('1', { metadata: { client_event_id: 'beside' } });
  expect(done('2', SERVER_ERROR)).toBe(true);
  expect(done('2', { code: 'insufficient_quota' })).toBe(false);
  expect(log).toEqual(['fatal quota_exhausted']);
});
