import { setTimeout as sleep } from 'node:timers/promises';
import { type llm, voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { expect } from 'vitest';
import { WORKAROUNDS, createPatchedModel } from '../model/workarounds/patched-model.ts';
import type { FakeModel } from './fake-model.ts';
import type { FakeItem } from './fake-protocol.ts';

export type WorkaroundName = keyof typeof WORKAROUNDS;

export interface ConversationOptions {
  without?: WorkaroundName;
  tools?: llm.ToolContextEntry[];
  onSession?: (session: realtime.RealtimeSession) => void;
}

export async function startConversation(
  fake: FakeModel,
  { without, tools = [], onSession }: ConversationOptions = {},
) {
  const workarounds = Object.entries(WORKAROUNDS).filter(([name]) => name !== without);
  const model = createPatchedModel(
    { baseURL: fake.url, apiKey: 'key', modalities: ['text'] },
    onSession,
    workarounds.map(([, workaround]) => workaround),
  );
  const session = new voice.AgentSession({
    llm: model,
    vad: null,
    turnHandling: { turnDetection: null },
    userAwayTimeout: null,
  });
  const said: string[] = [];
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    if (item.type === 'message' && item.role === 'assistant') said.push(item.textContent ?? '');
  });
  const agent = new voice.Agent({ instructions: 'Test.', tools });
  await session.start({ agent, record: false });
  return { agent, session, said };
}

export const until = (condition: () => unknown, timeout = 10_000) =>
  expect.poll(condition, { timeout, interval: 5 }).toBeTruthy();

/** Waits long enough for a condition that would come true soon, and expects that it has not. */
export async function never(condition: () => boolean, forMs = 300): Promise<void> {
  await sleep(forMs);
  expect(condition()).toBe(false);
}

/** Repeats the tool's result, or else what the user said. */
export function echoing(items: readonly FakeItem[]) {
  const last = items.at(-1);
  if (last?.type === 'function_call_output') return { say: `The tool says ${last.output}.` };
  return { say: `You said ${last?.content?.[0]?.text ?? 'nothing'}.` };
}
