/**
 * Bug: Each connection leaves a pending `get()` on the queue of client events, which swallows the first event after every
 * reconnect.
 * Upstream: docs/upstream/lost-first-event.md
 * Remove when the "still needed" test of "the first event after a reconnect" in connection.test.ts fails.
 */
import { type EventQueue, type Workaround, type SessionInternals } from './session-internals.ts';

export const freshQueueWorkaround: Workaround = (prototype) => {
  const runWs = prototype.runWs;
  prototype.runWs = async function (this: SessionInternals, socket) {
    const renew = () => renewQueue(this);
    renew();
    // Events after the close belong to the next connection.
    socket.on('close', renew);
    try {
      await runWs.call(this, socket);
    } finally {
      socket.off('close', renew);
      renew();
    }
  };
};

/** Replaces the queue by a new one with the waiting events, except for stale audio. */
function renewQueue(session: SessionInternals): void {
  const old = session.messageChannel;
  const Queue = old.constructor as new () => EventQueue;
  const fresh = new Queue();
  fresh.items.push(...old.items.splice(0).filter((event) => event.type !== 'input_audio_buffer.append'));
  session.messageChannel = fresh;
}
