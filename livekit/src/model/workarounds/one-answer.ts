/**
 * Bug: All responses that were requested during a reconnect are requested at once afterwards. The model rejects all but
 * one: a filler can take the place of the answer.
 * Upstream: docs/upstream/queued-responses.md
 * Remove when the "still needed" test of "responses requested while the model was offline" in connection.test.ts fails.
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
 * The waiting events with at most one request for a response: the last one that was not canceled, at the end. Requests with
 * instructions of their own failed when the connection ended, so nobody waits for them.
 */
function withOneAnswer(waiting: readonly ClientEvent[]): ClientEvent[] {
  // A cancel with an id is for a response of the old connection.
  const cancelledAt = waiting.findLastIndex(
    (event) => event.type === 'response.cancel' && !event.response_id,
  );
  const request = waiting
    .slice(cancelledAt + 1)
    .findLast((event) => event.type === 'response.create' && !event.response?.instructions);
  const others = waiting.filter(({ type }) => type !== 'response.create' && type !== 'response.cancel');
  return request ? [...others, request] : others;
}
