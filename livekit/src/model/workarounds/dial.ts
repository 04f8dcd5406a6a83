/**
 * Bug: A failed dial ends the job's process and is never repeated, a server that closes at once is dialed without a
 * pause, and events in the packet of the handshake are lost.
 * Upstream: docs/upstream/dial-crash.md
 * Remove when the "still needed" test of "a model that is offline at first" in connection.test.ts fails.
 */
import { pause } from '@patchbay/shared/engine/pause';
import { realtime } from '@livekit/agents-plugin-openai';
import { WebSocket } from 'ws';
import { FAILURES, type ModelFailure } from '../model-failure.ts';
import { closedConnection, failedDial } from '../openai-realtime/failure-events.ts';
import {
  type Workaround,
  ModelError,
  type SessionInternals,
  endSession,
  stateOf,
} from './session-internals.ts';

const LONGEST_BODY = 10_000;

export const dialWorkaround: Workaround = (prototype) => {
  const { runWs } = prototype;

  prototype.createWsConn = async function (this: SessionInternals) {
    const state = stateOf(this);
    let failure = state.disconnected;
    for (let wasConnected = true; ; wasConnected = false) {
      if (failure) await waitToRedial(this, failure, wasConnected);
      try {
        const socket = await dial(this);
        const openedAtMs = performance.now();
        socket.once('close', (code, reason) => {
          state.disconnected = closedConnection(code, reason.toString());
          state.outage.disconnected(performance.now() - openedAtMs);
        });
        return socket;
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        failure = error.failure;
      }
    }
  };

  prototype.runWs = async function (this: SessionInternals, socket) {
    const running = runWs.call(this, socket);
    // The plugin's listeners are set now.
    socket.resume();
    await running;
  };
};

/** @throws ModelError when the session has ended, or ends here */
async function waitToRedial(
  session: SessionInternals,
  failure: ModelFailure,
  wasConnected: boolean,
): Promise<void> {
  const state = stateOf(session);
  const waitMs = state.outage.failed(performance.now(), wasConnected, failure.retryAfterMs);
  if (FAILURES[failure.kind].endReason) endSession(session, failure);
  else if (waitMs === null) endSession(session, { kind: 'unavailable', facts: failure.facts });
  else if (!state.end.signal.aborted) {
    if (waitMs > 0) state.watcher?.onDisconnected(failure);
    await pause(waitMs, state.end.signal);
  }
  if (state.end.signal.aborted) throw new ModelError(failure);
}

/**
 * Opens a connection that reads nothing yet.
 * @throws ModelError
 */
function dial(session: SessionInternals): Promise<WebSocket> {
  const { baseURL, model, apiKey, connOptions } = session._options;
  const lost = (message: string) => new ModelError({ kind: 'connection_lost', facts: { message } });
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(realtime.processBaseURL({ baseURL, model, isAzure: false }), {
      headers: { 'User-Agent': 'LiveKit-Agents-JS', Authorization: `Bearer ${apiKey}` },
      handshakeTimeout: connOptions.timeoutMs,
    });
    // Stays for the life of the socket: an `error` without a listener ends the process.
    socket.on('error', ({ message }) => reject(lost(message)));
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (data: Buffer) => (body += data.toString().slice(0, LONGEST_BODY - body.length)));
      response.once('close', () => {
        reject(new ModelError(failedDial(response.statusCode ?? 0, body, response.headers['retry-after'])));
        socket.terminate();
      });
    });
    socket.once('close', () => reject(lost('The connection was closed while it was being made.')));
    socket.once('open', () => {
      socket.pause();
      resolve(socket);
    });
  });
}
