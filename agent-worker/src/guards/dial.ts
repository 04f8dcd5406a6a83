/**
 * Defect: a dial that fails ends the job process (no `error` listener on the socket), and is never tried
 * again, because it is made outside the plugin's own retry loop.
 * Upstream: https://github.com/livekit/agents-js/issues/2539
 * Removable when "a model that is away at first" in guards.test.ts passes without this guard.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { realtime } from '@livekit/agents-plugin-openai';
import { WebSocket } from 'ws';
import { type Guard, type SessionInternals, stateOf } from './session-internals.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** A connection that ended sooner is dialled again after a wait: the plugin would do so at once, for ever. */
const SHORT_LIFE_MS = 1_000;
/** Longer than the longest outage that a conversation should survive. */
const GIVE_UP_AFTER_MS = 120_000;

/** The model's server answered the dial with an HTTP error. */
class DialRefusedError extends Error {
  override readonly name = 'DialRefusedError';
  readonly status: number;

  constructor(status: number) {
    super(`The model's server answered the connection with HTTP ${status}.`);
    this.status = status;
  }
}

export const guardDial: Guard = (prototype) => {
  prototype.createWsConn = async function (this: SessionInternals) {
    const state = stateOf(this);
    const startedAtMs = performance.now();
    if (state.openedAtMs !== null && startedAtMs - state.openedAtMs < SHORT_LIFE_MS)
      await delay(SHORT_LIFE_MS);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const socket = await dial(this);
        state.openedAtMs = performance.now();
        return socket;
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error(String(cause));
        const isOver =
          state.closed || isPermanent(error) || performance.now() - startedAtMs > GIVE_UP_AFTER_MS;
        if (isOver) {
          // Not recoverable: the agent session closes, and with it the job.
          if (!state.closed) this.emitError({ error, recoverable: false });
          throw error;
        }
        await delay(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt));
        if (state.closed) throw error;
      }
    }
  };
};

function dial(session: SessionInternals): Promise<WebSocket> {
  const { baseURL, model, apiKey, connOptions } = session._options;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(realtime.processBaseURL({ baseURL, model, isAzure: false }), {
      headers: { 'User-Agent': 'LiveKit-Agents-JS', Authorization: `Bearer ${apiKey}` },
      handshakeTimeout: connOptions.timeoutMs,
    });
    // Stays for the life of the socket: an `error` without a listener would end the process.
    socket.on('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      reject(new DialRefusedError(response.statusCode ?? 0));
      socket.terminate();
    });
    socket.once('close', () => reject(new Error('The connection was closed while it was being made.')));
    socket.once('open', () => resolve(socket));
  });
}

/** A key that is refused, or a model that does not exist, stays so. */
function isPermanent(error: Error): boolean {
  return (
    error instanceof DialRefusedError &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 408 &&
    error.status !== 429
  );
}
