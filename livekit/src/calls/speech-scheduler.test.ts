import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { voice } from '@livekit/agents';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../model/voice-model.ts';
import { SpeechScheduler, type SpeechSchedulerOptions } from './speech-scheduler.ts';

const AN_HOUR_MS = 3_600_000;
const speechHandle = {} as voice.SpeechHandle;

type Model = SpeechSchedulerOptions['model'];

function modelOf(session: EventEmitter, parts: Partial<Model>): Model {
  return {
    session: session as unknown as voice.AgentSession,
    turnSettlesMs: () => 0,
    say: () => expect.unreachable(),
    closeCall: () => {},
    deliver: () => expect.unreachable(),
    userTurnAfter: () => () => {},
    ...parts,
  };
}

function deliveryOf(speech: { waitForPlayout: () => Promise<void>; chatItems: object[] }): Delivery {
  return { speech: speech as unknown as voice.SpeechHandle, withdraw: () => {} };
}

function conversation(turnSettlesMs: number) {
  const sent = new EventEmitter();
  const delivered = once(sent, 'event').then(() => true);
  const session = Object.assign(new EventEmitter(), {
    agentState: 'listening',
    userState: 'listening',
    waitForIdle: () => Promise.resolve(),
  });
  const speech = { waitForPlayout: () => Promise.resolve(), chatItems: [{}] };
  const scheduler = new SpeechScheduler({
    model: modelOf(session, {
      turnSettlesMs: () => turnSettlesMs,
      deliver: () => {
        sent.emit('event');
        return deliveryOf(speech);
      },
    }),
    onFault: (error) => expect.unreachable(String(error)),
  });
  session.emit(voice.AgentSessionEventTypes.UserStateChanged, {
    oldState: 'speaking',
    newState: 'listening',
  });
  void scheduler.deliver('call', 'A late result.', { addDoneCallback: (onDone) => onDone(speechHandle) });
  return {
    delivered,
    isDelivered: () => Promise.race([delivered, delay(50, false)]),
    answer: (userInitiated: boolean) => {
      session.emit(voice.AgentSessionEventTypes.SpeechCreated, { speechHandle, userInitiated });
      session.emit(voice.AgentSessionEventTypes.AgentStateChanged, {
        oldState: 'listening',
        newState: 'speaking',
      });
    },
  };
}

describe('the result of a background call', () => {
  it('waits while the model may still answer the user by itself', async () => {
    const { isDelivered } = conversation(AN_HOUR_MS);
    expect(await isDelivered()).toBe(false);
  });

  it('waits no longer once the model has answered', async () => {
    const { delivered, answer } = conversation(AN_HOUR_MS);
    answer(false);
    expect(await delivered).toBe(true);
  });

  it('still waits after a requested sentence, which is no answer to the user', async () => {
    const { isDelivered, answer } = conversation(AN_HOUR_MS);
    answer(true);
    expect(await isDelivered()).toBe(false);
  });

  it('is announced when the model has not answered in time', async () => {
    const { delivered } = conversation(20);
    expect(await delivered).toBe(true);
  });
});

async function emptyReplies(onReply: (scheduler: SpeechScheduler) => void): Promise<number> {
  let replies = 0;
  const session = Object.assign(new EventEmitter(), {
    agentState: 'listening',
    userState: 'listening',
    waitForIdle: () => Promise.resolve(),
  });
  const scheduler = new SpeechScheduler({
    model: modelOf(session, {
      deliver: () => {
        replies += 1;
        onReply(scheduler);
        return deliveryOf({ waitForPlayout: () => Promise.resolve(), chatItems: [] });
      },
    }),
    onFault: (error) => expect.unreachable(String(error)),
  });
  await scheduler.deliver('call', 'A late result.', { addDoneCallback: (onDone) => onDone(speechHandle) });
  return replies;
}

describe('an announcement of a result', () => {
  it('is repeated when nobody heard it', async () => {
    expect(await emptyReplies(() => {})).toBe(5);
  });

  it('is not repeated after a failure that was reported', async () => {
    expect(await emptyReplies((scheduler) => scheduler.turnFailed(null))).toBe(1);
  });
});

it('the scheduler is free when the last of several sentences was said, not the first', async () => {
  const playouts = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let said = 0;
  const session = Object.assign(new EventEmitter(), {
    agentState: 'listening',
    userState: 'listening',
  });
  const scheduler = new SpeechScheduler({
    model: modelOf(session, {
      say: () => ({ waitForPlayout: () => playouts[said++]?.promise }) as unknown as voice.SpeechHandle,
    }),
    onFault: (error) => expect.unreachable(String(error)),
  });
  scheduler.say('One moment.');
  await delay(2);
  scheduler.say('Are you still there?');
  playouts[0]?.resolve();
  await scheduler.changed();
  expect(scheduler.isFree).toBe(false);
  playouts[1]?.resolve();
  await scheduler.changed();
  expect(scheduler.isFree).toBe(true);
});
