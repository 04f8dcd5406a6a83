/**
 * Bug: A reconnect replays messages but no function calls. The output of a tool that ran meanwhile is rejected, and the
 * model calls the tool a second time. What was sent into the dying connection is lost too.
 * Upstream: docs/upstream/tool-runs-twice.md
 * Remove when the "still needed" test of "a tool that spans a reconnect" in connection.test.ts fails.
 */
import type { llm } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { type ClientEvent, type Workaround, type SessionInternals } from './session-internals.ts';

interface Memory {
  /** The conversation when the connection ended; used by the next reconnect. */
  ended: { remote: llm.RemoteChatContext; conversation: llm.ChatContext } | null;
  /** Items and response requests that were sent and not acknowledged, in order. */
  unacknowledged: Map<string, ClientEvent>;
  listens: boolean;
}

const memories = new WeakMap<SessionInternals, Memory>();

function memoryOf(session: SessionInternals): Memory {
  let memory = memories.get(session);
  if (!memory) memories.set(session, (memory = { ended: null, unacknowledged: new Map(), listens: false }));
  return memory;
}

export const replayCallsWorkaround: Workaround = (prototype) => {
  const { runWs, createChatCtxUpdateEvents } = prototype;

  prototype.runWs = async function (this: SessionInternals, socket) {
    const memory = memoryOf(this);
    if (!memory.listens) {
      memory.listens = true;
      this.on('openai_client_event_queued', (event) => {
        const id = acknowledgementOf(event);
        if (id) memory.unacknowledged.set(id, event);
      });
    }
    try {
      await runWs.call(this, socket);
    } finally {
      memory.ended = { remote: this.remoteChatCtx, conversation: replayable(this.chatCtx) };
      this.messageChannel.items.unshift(...memory.unacknowledged.values());
      memory.unacknowledged.clear();
    }
  };

  prototype.createChatCtxUpdateEvents = function (this: SessionInternals, context, addMockAudio) {
    const memory = memoryOf(this);
    // A reconnect replaces the remote conversation by an empty one before this call.
    const isReconnect = memory.ended !== null && memory.ended.remote !== this.remoteChatCtx;
    if (!isReconnect || !memory.ended) return createChatCtxUpdateEvents.call(this, context, addMockAudio);
    const { conversation } = memory.ended;
    memory.ended = null;
    dropLostPredecessors(this.messageChannel.items, conversation);
    return createChatCtxUpdateEvents.call(this, conversation, addMockAudio);
  };

  const { handleConversationItemCreated, handleResponseCreated, handleResponseOutputItemDone } = prototype;
  prototype.handleConversationItemCreated = function (this: SessionInternals, event) {
    if (event.item.id) memoryOf(this).unacknowledged.delete(event.item.id);
    handleConversationItemCreated.call(this, event);
  };
  prototype.handleResponseCreated = function (this: SessionInternals, event) {
    const id = event.response.metadata?.client_event_id;
    if (typeof id === 'string') memoryOf(this).unacknowledged.delete(id);
    handleResponseCreated.call(this, event);
  };
  // The plugin remembers a call as announced, without arguments: replayed like that, it is another call.
  prototype.handleResponseOutputItemDone = function (this: SessionInternals, event) {
    completeArguments(this, event.item);
    handleResponseOutputItemDone.call(this, event);
  };
};

/** Keeps a request from being sent again on the next connection. */
export function withdraw(session: SessionInternals, request: ClientEvent): void {
  const id = acknowledgementOf(request);
  if (id) memoryOf(session).unacknowledged.delete(id);
}

function acknowledgementOf(event: ClientEvent): string | undefined {
  if (event.type === 'conversation.item.create') return event.item.id;
  if (event.type === 'response.create') return event.response?.metadata?.client_event_id;
  return undefined;
}

/** An event whose predecessor is not replayed goes to the end. */
function dropLostPredecessors(events: ClientEvent[], conversation: llm.ChatContext): void {
  const known = new Set(conversation.items.map((item) => item.id));
  for (const event of events) {
    if (event.type !== 'conversation.item.create') continue;
    if (event.previous_item_id && !known.has(event.previous_item_id)) delete event.previous_item_id;
    if (event.item.id) known.add(event.item.id);
  }
}

function completeArguments(session: SessionInternals, item: realtime.ItemResource): void {
  if (item.type !== 'function_call') return;
  const remembered = session.remoteChatCtx.get(item.id)?.item;
  if (remembered?.type === 'function_call') remembered.args = item.arguments || '{}';
}

function replayable(context: llm.ChatContext): llm.ChatContext {
  const copy = context.copy({ excludeEmptyMessage: true });
  const calls = new Set<string>();
  copy.items = copy.items.filter((item) => {
    if (item.type === 'function_call') {
      if (item.args) calls.add(item.callId);
      return Boolean(item.args);
    }
    return item.type !== 'function_call_output' || calls.has(item.callId);
  });
  return copy;
}
