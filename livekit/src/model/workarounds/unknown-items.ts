/**
 * Bug: An item of a type that the plugin does not know, such as `reasoning`, throws, and all items behind it are lost.
 * Upstream: docs/upstream/unknown-items.md
 * Remove when the "still needed" test of "an item of an unknown type" in items.test.ts fails.
 */
import type { Workaround, SessionInternals } from './session-internals.ts';

const KNOWN_TYPES = new Set<string | undefined>(['message', 'function_call', 'function_call_output']);

const predecessors = new WeakMap<SessionInternals, Map<string, string | null>>();

export const unknownItemsWorkaround: Workaround = (prototype) => {
  const { runWs, handleConversationItemCreated } = prototype;

  prototype.runWs = async function (this: SessionInternals, socket) {
    predecessors.set(this, new Map());
    await runWs.call(this, socket);
  };

  prototype.handleConversationItemCreated = function (this: SessionInternals, event) {
    const { item } = event;
    if (!KNOWN_TYPES.has(item.type)) {
      if (item.id) predecessors.get(this)?.set(item.id, event.previous_item_id);
      return;
    }
    const previous_item_id = knownPredecessor(this, event.previous_item_id) ?? '';
    handleConversationItemCreated.call(this, { ...event, previous_item_id });
  };
};

/** The nearest earlier item that the plugin knows; the last item if that one was deleted. */
function knownPredecessor(session: SessionInternals, previousId: string | null): string | undefined {
  const unknown = predecessors.get(session);
  let id = previousId;
  while (id !== null && unknown?.has(id)) id = unknown.get(id) ?? null;
  if (id === null) return undefined;
  return session.remoteChatCtx.get(id) ? id : session.chatCtx.items.at(-1)?.id;
}
