/**
 * The calls of one response. The framework replies when all of them have ended, so a fast result would wait for the
 * slowest call. Here the first result, or the first handoff, sends the others to the background.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { voice } from '@livekit/agents';

/** Results within this time go to the model together. */
const TOGETHER_MS = 250;

export class SiblingCalls {
  readonly #left = Promise.withResolvers<void>();

  /** Resolves when the calls that still run should continue in the background. */
  async overtaken(): Promise<void> {
    await Promise.all([this.#left.promise, delay(TOGETHER_MS)]);
  }

  /** A call has its result. */
  async ended(): Promise<void> {
    await delay(TOGETHER_MS);
    this.#left.resolve();
  }

  /** A call was handed off: the user hears that once for all calls. */
  handedOff(): void {
    this.#left.resolve();
  }
}

const responses = new WeakMap<voice.SpeechHandle, SiblingCalls>();

export function siblingsIn(response: voice.SpeechHandle): SiblingCalls {
  let siblings = responses.get(response);
  if (!siblings) responses.set(response, (siblings = new SiblingCalls()));
  return siblings;
}
