/**
 * Decides when the agent may speak on its own: fillers, other sentences, and results of background calls. A realtime
 * model has no voice but its responses, so everything is requested from the model.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pause } from '@patchbay/shared/engine/pause';
import { voice } from '@livekit/agents';
import type { VoiceModel } from '../model/voice-model.ts';
import { expectedVoiceDelayMs } from './fillers.ts';

const DELIVERY_ATTEMPTS = 5;

export interface SpeechSchedulerOptions {
  model: Pick<VoiceModel, 'session' | 'turnSettlesMs' | 'say' | 'closeCall' | 'deliver' | 'userTurnAfter'>;
  onFault: (error: unknown) => void;
}

export class SpeechScheduler {
  readonly #options: SpeechSchedulerOptions;
  readonly #session: voice.AgentSession;
  readonly #voiceDelays: number[] = [];
  #agentHeardAtMs = 0;
  #spokeAtMs = 0;
  readonly #createdAtMs = new WeakMap<voice.SpeechHandle, number>();
  #userHeardAtMs = 0;
  /** When the model last began a response that nobody requested. */
  #answeredAtMs = 0;
  #change = Promise.withResolvers<void>();
  #requestedAtMs: number | null = null;
  #deliveries: Promise<void> = Promise.resolve();
  #failedTurns = 0;
  #isClosed = false;

  constructor(options: SpeechSchedulerOptions) {
    this.#options = options;
    const { session } = options.model;
    this.#session = session;
    session.on(voice.AgentSessionEventTypes.AgentStateChanged, (event) => this.#onAgent(event));
    session.on(voice.AgentSessionEventTypes.SpeechCreated, ({ speechHandle, userInitiated }) => {
      this.#createdAtMs.set(speechHandle, performance.now());
      if (!userInitiated) this.#answeredAtMs = performance.now();
    });
    session.on(voice.AgentSessionEventTypes.UserStateChanged, ({ oldState }) => {
      if (oldState === 'speaking') this.#userHeardAtMs = performance.now();
      this.#changed();
    });
    session.on(voice.AgentSessionEventTypes.Close, () => (this.#isClosed = true));
  }

  /** Neither the agent nor the user speaks, and no sentence waits to be said. */
  get isFree(): boolean {
    const { agentState, userState } = this.#session;
    return agentState !== 'speaking' && userState !== 'speaking' && this.#requestedAtMs === null;
  }

  /** Monotonic time, in ms, at which the agent was last heard; now while it speaks. */
  get agentHeardAtMs(): number {
    return this.#session.agentState === 'speaking' ? performance.now() : this.#agentHeardAtMs;
  }

  /** Whether the model spoke in this response, as with a preamble before a call; fillers don't count. */
  hasSpoken(response: voice.SpeechHandle): boolean {
    return this.#spokeAtMs >= (this.#createdAtMs.get(response) ?? Number.POSITIVE_INFINITY);
  }

  /** The delay to expect between requesting a sentence and hearing it, in ms. */
  get voiceDelayMs(): number {
    return expectedVoiceDelayMs(this.#voiceDelays);
  }

  /** Resolves when somebody starts or stops speaking. */
  changed(): Promise<void> {
    return this.#change.promise;
  }

  /**
   * Waits for the user's first turn after a call, until the call ends.
   * @param onWords called before the model answers, if the turn has words
   * @returns whether it had words
   */
  async userTurnAfter(callId: string, call: Promise<unknown>, onWords: () => void): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const stop = this.#options.model.userTurnAfter(callId, (words) => {
      if (words) onWords();
      resolve(words !== '');
    });
    void call.then(() => resolve(false));
    return promise.finally(stop);
  }

  /**
   * Has the model say a sentence in the user's language; returns at once.
   * @returns null when the request failed
   */
  say(sentence: string): voice.SpeechHandle | null {
    const requestedAtMs = performance.now();
    let speech: voice.SpeechHandle;
    try {
      speech = this.#options.model.say(sentence);
    } catch (error) {
      this.#fault(error);
      return null;
    }
    this.#requestedAtMs = requestedAtMs;
    speech
      .waitForPlayout()
      .catch((error: unknown) => this.#fault(error))
      .finally(() => {
        // Sentences are said in order: a later one may still wait.
        if (this.#requestedAtMs === requestedAtMs) this.#requestedAtMs = null;
        this.#changed();
      });
    return speech;
  }

  /**
   * Notes that a turn stays without an answer, so a delivery under way isn't repeated.
   * @param sentence what the agent says about it; null when it can't speak
   */
  turnFailed(sentence: string | null): void {
    this.#failedTurns += 1;
    if (sentence !== null) this.say(sentence);
  }

  /** Resolves when it has been quiet for this long, in ms; rejects when the signal aborts. */
  async quietFor(ms: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const isIdle = this.isFree && this.#session.agentState === 'listening';
      const quietMs = performance.now() - Math.max(this.#agentHeardAtMs, this.#userHeardAtMs);
      if (isIdle && quietMs >= ms) return;
      const poll = new AbortController();
      const waitMs = isIdle ? ms - quietMs : ms;
      await Promise.race([this.changed(), pause(waitMs, AbortSignal.any([signal, poll.signal]))]).finally(
        () => poll.abort(),
      );
    }
  }

  /** Gives the model the output of a background call, right behind the call. */
  closeCall(callId: string, output: string): void {
    this.#options.model.closeCall(callId, output);
  }

  /**
   * Has the result of a background call announced in its own turn once nobody speaks, one result at a time.
   * @param response the one that made the call; it is finished first
   * @returns resolves when the result was announced or delivery was given up; never rejects
   */
  deliver(
    callId: string,
    output: string,
    response: Pick<voice.SpeechHandle, 'addDoneCallback'>,
  ): Promise<void> {
    const answered = new Promise<void>((resolve) => response.addDoneCallback(() => resolve()));
    this.#deliveries = this.#deliveries
      .then(() => answered)
      .then(() => this.#announce(callId, output))
      .catch((error: unknown) => this.#fault(error));
    return this.#deliveries;
  }

  async #announce(callId: string, output: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#agentTurn();
      const failedTurns = this.#failedTurns;
      const { speech, withdraw } = this.#options.model.deliver(callId, output);
      await speech.waitForPlayout();
      // After the last attempt the result stays: the model has it for its next answer.
      const isOver = speech.chatItems.length > 0 || this.#failedTurns > failedTurns;
      if (isOver || attempt === DELIVERY_ATTEMPTS) return;
      withdraw();
    }
  }

  async #agentTurn(): Promise<void> {
    for (;;) {
      await this.#session.waitForIdle();
      if (this.#answeredAtMs > this.#userHeardAtMs) return;
      const waitMs = this.#userHeardAtMs + this.#options.model.turnSettlesMs() - performance.now();
      if (waitMs <= 0) return;
      await Promise.race([this.changed(), delay(waitMs, undefined, { ref: false })]);
    }
  }

  #fault(error: unknown): void {
    if (!this.#isClosed) this.#options.onFault(error);
  }

  #onAgent({ oldState, newState }: voice.AgentStateChangedEvent): void {
    const nowMs = performance.now();
    if (oldState === 'speaking') this.#agentHeardAtMs = nowMs;
    if (newState === 'speaking') {
      if (this.#requestedAtMs === null) this.#spokeAtMs = nowMs;
      else this.#voiceDelays.push(nowMs - this.#requestedAtMs);
    }
    this.#changed();
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
