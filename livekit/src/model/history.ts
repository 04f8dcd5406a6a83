/**
 * Forgets the oldest items of a long conversation. The model and three copies on this side keep everything that was
 * said, and the OpenAI plugin compares them with every typed turn in quadratic time: a third of a second after 500
 * turns with a call each.
 */
import type { llm, voice } from '@livekit/agents';
import type { VoiceModel } from './voice-model.ts';

/** Some 40 to 80 turns. */
const MOST_ITEMS = 240;
/** Forgets many at a time: each cut costs the model its cache. */
const KEPT_ITEMS = 160;

type Item = Pick<llm.ChatItem, 'id' | 'type'> & { callId?: string };

/** What the framework remembers for an agent; it has no public way to change single items. */
export function memoryOf(agent: voice.Agent): llm.ChatContext {
  return (agent as unknown as { _chatCtx: llm.ChatContext })._chatCtx;
}

/**
 * Returns the oldest items when there are more than `most`, so that about `kept` are left. A call and its output go
 * together; a running call stays.
 */
export function planForgetting<I extends Item>(
  items: readonly I[],
  most = MOST_ITEMS,
  kept = KEPT_ITEMS,
): I[] {
  if (items.length <= most) return [];
  const oldest = items.slice(0, items.length - kept);
  const calls = callsOf(oldest, 'function_call');
  const outputs = callsOf(oldest, 'function_call_output');
  return oldest.filter(({ type, callId = '' }) => {
    if (type === 'function_call') return outputs.has(callId);
    return type !== 'function_call_output' || calls.has(callId);
  });
}

function callsOf(items: readonly Item[], type: Item['type']): Set<string> {
  return new Set(items.flatMap((item) => (item.type === type && item.callId ? [item.callId] : [])));
}

export class History {
  readonly #model: Pick<VoiceModel, 'agent' | 'session' | 'items' | 'forget'>;

  constructor(model: Pick<VoiceModel, 'agent' | 'session' | 'items' | 'forget'>) {
    this.#model = model;
  }

  /** Forgets the oldest items; does nothing while the agent speaks or thinks. Call it after turns and swaps. */
  trim(): void {
    const { agent, session } = this.#model;
    if (session.agentState !== 'listening') return;
    const forgotten = planForgetting<Item>(this.#model.items);
    const ids = new Set(forgotten.map(({ id }) => id));
    this.#model.forget([...ids]);

    // The framework's copy of a call has an id of its own.
    const callIds = new Set(forgotten.flatMap(({ callId }) => callId ?? []));
    const isKept = (item: Item) =>
      !ids.has(item.id) && !callIds.has(item.callId ?? '') && item.type !== 'agent_config_update';
    for (const context of [memoryOf(agent), session.history]) context.items = context.items.filter(isKept);
  }
}
