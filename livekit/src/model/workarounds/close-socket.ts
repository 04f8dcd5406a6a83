/**
 * Bug: `close()` awaits a Task object, which is no promise, and leaves the socket to the model open. The model's session
 * lives on, and costs, until the job's process ends.
 * Upstream: docs/upstream/open-socket.md
 * Remove when the "still needed" test of "closing the session" in connection.test.ts fails.
 */
import { WebSocket } from 'ws';
import { type Workaround, type SessionInternals, stateOf } from './session-internals.ts';

const CLOSE_WAIT_MS = 1_000;

export const closeSocketWorkaround: Workaround = (prototype) => {
  const { close, createWsConn } = prototype;

  prototype.createWsConn = async function (this: SessionInternals) {
    const socket = await createWsConn.call(this);
    stateOf(this).socket = socket;
    return socket;
  };

  prototype.close = async function (this: SessionInternals) {
    const state = stateOf(this);
    state.end.abort();
    const closing = close.call(this);
    state.socket?.close();
    setTimeout(() => {
      if (state.socket?.readyState !== WebSocket.CLOSED) state.socket?.terminate();
    }, CLOSE_WAIT_MS).unref();
    await closing;
  };
};
