/**
 * Bug: All responses that were requested during a reconnect are requested at once afterwards. The model rejects all but
 * one: a filler can take the place of the answer.
 * Upstream: docs/upstream/queued-responses.md
 * Remove when the "still needed" test of "answers that a model was asked for while it was away" in connection.test.ts fails.
 */
import type { ClientEvent, Workaround, SessionInternals } from './session-internals.ts';

const connectedOnce = new WeakSet<SessionInternals>();

export const oneAnswerWorkaround: Workaround = (prototype) => {
  const { runWs } = prototype;
  prototype.runWs = async function (this: SessionInternals, socket) {
    const { items } = this.messageChannel;
    if (connectedOnce.has(this)) items.splice(0, items.length, ...withOneAnswer(items));
    connectedOnce.add(this);
    await runWs.call(this, socket);
  };
};

/**
 * What waited for a new connection, with one request for an answer at most: the last that was not cancelled, at the
 * end, for it speaks to all that waited. What was to be said by instructions of its own was given up by who asked for
 * it: the plugin has told them that the connection ended.
 */
function withOneAnswer(waiting: readonly ClientEvent[]): ClientEvent[] {
  // With an id, it ends a response of the old connection.
  const cancelledAt = waiting.findLastIndex(
    (event) => event.type === 'response.cancel' && !event.response_id,
  );
  const request = waiting
    .slice(cancelledAt + 1)
    .findLast((event) => event.type === 'response.create' && !event.response?.instructions);
  const others = waiting.filter(({ type }) => type !== 'response.create' && type !== 'response.cancel');
  return request ? [...others, request] : others;
}
