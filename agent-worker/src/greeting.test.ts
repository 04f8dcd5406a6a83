import { EventEmitter } from 'node:events';
import { voice } from '@livekit/agents';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { greet } from './greeting.ts';

const { AgentStateChanged } = voice.AgentSessionEventTypes;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** An agent session of which only events and replies are looked at. */
function begin(greeting: string | null) {
  const events = new EventEmitter();
  const generateReply = vi.fn();
  const session = Object.assign(events, { generateReply }) as unknown as voice.AgentSession;
  let isOver = false;
  const over = greet(session, greeting).then(() => (isOver = true));
  return { events, generateReply, isOver: () => isOver, over };
}

it('holds everything else until the first sound of the greeting', async () => {
  const { events, generateReply, isOver } = begin(' Hello! ');
  expect(generateReply).toHaveBeenCalledWith({ instructions: 'Greet the user with: "Hello!"' });
  events.emit(AgentStateChanged, { newState: 'thinking' });
  await vi.advanceTimersByTimeAsync(100);
  expect(isOver()).toBe(false);
  events.emit(AgentStateChanged, { newState: 'speaking' });
  await vi.advanceTimersByTimeAsync(0);
  expect([isOver(), events.listenerCount(AgentStateChanged)]).toEqual([true, 0]);
});

it('waits no longer for a model that is away', async () => {
  const { isOver } = begin('Hello!');
  await vi.advanceTimersByTimeAsync(1_900);
  expect(isOver()).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  expect(isOver()).toBe(true);
});

it('waits for nothing without a greeting', async () => {
  const { generateReply, over } = begin('  ');
  await over;
  expect(generateReply).not.toHaveBeenCalled();
});
