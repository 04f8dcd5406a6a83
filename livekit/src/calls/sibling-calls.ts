/**
 * The calls of one response. The framework replies when all of them have ended, so a fast result would wait for the
 * slowest call. Here the first result, or the first call that hands over to the background, sends the others there.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { voice } from '@livekit/agents';

/** Results that come so close to each other, in ms, go to the model as one: two answers in a row say less. */
const TOGETHER_MS = 250;

export class SiblingCalls {
  readonly #released = Promise.withResolvers<void>();

  /**
   * For a call that begins now.
   * @returns resolves when it should go on in the background, for another one has let go of the response
   */
  async overtaken(): Promise<void> {
    await Promise.all([this.#released.promise, delay(TOGETHER_MS)]);
  }

  /** A call has its result; those that end in a moment go to the model with it. */
  async ended(): Promise<void> {
    await delay(TOGETHER_MS);
    this.#released.resolve();
  }

  /** The user was told that they can go on: that is said once for all calls. */
  handedOff(): void {
    this.#released.resolve();
  }
}

const responses = new WeakMap<voice.SpeechHandle, SiblingCalls>();

/** The calls of the response that a call belongs to. */
export function siblingsIn(response: voice.SpeechHandle): SiblingCalls {
  let siblings = responses.get(response);
  if (!siblings) responses.set(response, (siblings = new SiblingCalls()));
  return siblings;
}
