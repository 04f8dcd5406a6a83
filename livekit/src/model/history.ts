/**
 * The memory of a long conversation. Whatever was said stays with the model and in three copies on this side,
 * and the plugin compares them item by item with every typed turn, in quadratic time: after 500 turns with a
 * call each that costs a third of a second. So the oldest items are forgotten, by the model too.
 */
import type { llm, voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';

/** An item is a message, a call, an output, or a line about tools: some 40 to 80 turns. */
const MOST_ITEMS = 240;
/** Many at a time: each cut costs the model its cache of what was before. */
const KEPT_ITEMS = 160;

type Item = Pick<llm.ChatItem, 'id' | 'type'> & { callId?: string };

/** What the framework remembers for an agent; it offers no way to change single items of it. */
export function memoryOf(agent: voice.Agent): llm.ChatContext {
  return (agent as unknown as { _chatCtx: llm.ChatContext })._chatCtx;
}

/**
 * The oldest items, when there are more than `most`, so that about `kept` are left. A call and its output go
 * together; a call without one is still running, and stays.
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
  readonly #agent: voice.Agent;
  readonly #session: voice.AgentSession;
  readonly #realtimeSession: () => realtime.RealtimeSession;

  constructor(
    agent: voice.Agent,
    session: voice.AgentSession,
    realtimeSession: () => realtime.RealtimeSession,
  ) {
    this.#agent = agent;
    this.#session = session;
    this.#realtimeSession = realtimeSession;
  }

  /** Forgets what is too old; does nothing while the agent speaks or thinks. Call it after turns and swaps. */
  trim(): void {
    if (this.#session.agentState !== 'listening') return;
    const model = this.#realtimeSession();
    const forgotten = planForgetting<Item>(model.chatCtx.items);
    // Sent as it is: the plugin's own way would delete what is said in the meantime.
    for (const { id } of forgotten) model.sendEvent({ type: 'conversation.item.delete', item_id: id });

    const ids = new Set(forgotten.map(({ id }) => id));
    // The framework's copy of a call has an id of its own.
    const callIds = new Set(forgotten.flatMap(({ callId }) => callId ?? []));
    const isKept = (item: Item) =>
      !ids.has(item.id) && !callIds.has(item.callId ?? '') && item.type !== 'agent_config_update';
    for (const context of [memoryOf(this.#agent), this.#session.history])
      context.items = context.items.filter(isKept);
  }
}
