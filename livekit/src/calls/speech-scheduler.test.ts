/** When the agent's own words may begin, with a session that is only its events. */
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { llm, voice } from '@livekit/agents';
import { expect, it } from 'vitest';
import { SpeechScheduler } from './speech-scheduler.ts';

const AN_HOUR_MS = 3_600_000;
// Nothing reads more of it than that it is one.
const speechHandle = {} as voice.SpeechHandle;

function conversation(turnSettlesMs: number) {
  const sent = new EventEmitter();
  const delivered = once(sent, 'event').then(() => true);
  const session = Object.assign(new EventEmitter(), {
    agentState: 'listening',
    userState: 'listening',
    waitForIdle: () => Promise.resolve(),
    generateReply: () => ({ waitForPlayout: () => Promise.resolve(), chatItems: [{}] }),
  });
  const scheduler = new SpeechScheduler({
    // The parts of the session that the scheduler reads.
    session: session as unknown as voice.AgentSession,
    realtimeSession: () => ({
      sendEvent: (event) => sent.emit('event', event),
      chatCtx: llm.ChatContext.empty(),
    }),
    turnSettlesMs: () => turnSettlesMs,
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

it('a late result waits while the model may still answer the caller by itself', async () => {
  const { isDelivered } = conversation(AN_HOUR_MS);
  expect(await isDelivered()).toBe(false);
});

it('a late result waits no longer once the model has answered', async () => {
  const { delivered, answer } = conversation(AN_HOUR_MS);
  answer(false);
  expect(await delivered).toBe(true);
});

it('words that the agent was asked for are no answer to the caller', async () => {
  const { isDelivered, answer } = conversation(AN_HOUR_MS);
  answer(true);
  expect(await isDelivered()).toBe(false);
});

it('a late result comes when the model has not answered in time', async () => {
  const { delivered } = conversation(20);
  expect(await delivered).toBe(true);
});

/** A delivery whose replies stay empty; gives how many were asked for. */
async function emptyReplies(onReply: (scheduler: SpeechScheduler) => void): Promise<number> {
  let replies = 0;
  const session = Object.assign(new EventEmitter(), {
    agentState: 'listening',
    userState: 'listening',
    waitForIdle: () => Promise.resolve(),
    generateReply: () => {
      replies += 1;
      onReply(scheduler);
      return { waitForPlayout: () => Promise.resolve(), chatItems: [] };
    },
  });
  const scheduler = new SpeechScheduler({
    // The parts of the session that the scheduler reads.
    session: session as unknown as voice.AgentSession,
    realtimeSession: () => ({ sendEvent: () => {}, chatCtx: llm.ChatContext.empty() }),
    turnSettlesMs: () => 0,
    onFault: (error) => expect.unreachable(String(error)),
  });
  await scheduler.deliver('call', 'A late result.', { addDoneCallback: (onDone) => onDone(speechHandle) });
  return replies;
}

it('a late result that nobody heard is delivered again', async () => {
  expect(await emptyReplies(() => {})).toBe(5);
});

it('a late result whose delivery failed for good is not delivered again: the failure was reported', async () => {
  expect(await emptyReplies((scheduler) => scheduler.turnFailed(null))).toBe(1);
});

it('is free when the last of several sentences was said, not the first', async () => {
  const playouts = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let said = 0;
  const session = Object.assign(new EventEmitter(), {
    agentState: 'listening',
    userState: 'listening',
    history: llm.ChatContext.empty(),
    generateReply: () => ({ addDoneCallback: () => {}, waitForPlayout: () => playouts[said++]?.promise }),
  });
  const scheduler = new SpeechScheduler({
    // The parts of the session that the scheduler reads.
    session: session as unknown as voice.AgentSession,
    realtimeSession: () => ({ sendEvent: () => {}, chatCtx: llm.ChatContext.empty() }),
    turnSettlesMs: () => 0,
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
