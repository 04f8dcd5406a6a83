/**
 * Decides when the agent may speak on its own: fillers, other sentences, and results of background calls. A realtime
 * model has no voice but its responses, so everything is requested from the model.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { pause } from '@patchbay/shared/engine/pause';
import { type llm, voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { expectedVoiceDelayMs } from './fillers.ts';
import { LATE_RESULT_INSTRUCTIONS } from './speech.ts';
import { utter } from './utterance.ts';

const DELIVERY_ATTEMPTS = 5;

export interface SpeechSchedulerOptions {
  session: voice.AgentSession;
  /** The plugin's session; it appears when the agent session starts. */
  realtimeSession: () => Pick<realtime.RealtimeSession, 'sendEvent' | 'chatCtx'>;
  /** How long after the user stopped the model's own answer may begin, in ms; nothing else is requested until then. */
  turnSettlesMs: () => number;
  /** A request failed; for the log. */
  onFault: (error: unknown) => void;
}

export class SpeechScheduler {
  readonly #options: SpeechSchedulerOptions;
  readonly #voiceDelays: number[] = [];
  #agentHeardAtMs = 0;
  /** When the model last began to speak other than a requested sentence. Times are monotonic, in ms. */
  #spokeAtMs = 0;
  readonly #createdAtMs = new WeakMap<voice.SpeechHandle, number>();
  #userHeardAtMs = 0;
  /** When the model last began a response that nobody requested. */
  #answeredAtMs = 0;
  #change = Promise.withResolvers<void>();
  /** When the sentence that is not said yet was requested. */
  #requestedAtMs: number | null = null;
  #deliveries: Promise<void> = Promise.resolve();
  #lastTurn: llm.ChatMessage | null = null;
  readonly #turnListeners = new Set<(turn: llm.ChatMessage) => void>();
  #failedTurns = 0;
  #isClosed = false;

  constructor(options: SpeechSchedulerOptions) {
    this.#options = options;
    const { session } = options;
    session.on(voice.AgentSessionEventTypes.AgentStateChanged, (event) => this.#onAgent(event));
    session.on(voice.AgentSessionEventTypes.SpeechCreated, ({ speechHandle, userInitiated }) => {
      this.#createdAtMs.set(speechHandle, performance.now());
      if (!userInitiated) this.#answeredAtMs = performance.now();
    });
    session.on(voice.AgentSessionEventTypes.UserStateChanged, ({ oldState }) => {
      if (oldState === 'speaking') this.#userHeardAtMs = performance.now();
      this.#changed();
    });
    session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message' || item.role !== 'user') return;
      this.#lastTurn = item;
      for (const listener of this.#turnListeners) listener(item);
    });
    session.on(voice.AgentSessionEventTypes.Close, () => (this.#isClosed = true));
  }

  /** Neither the agent nor the user speaks, and no sentence waits to be said. */
  get isFree(): boolean {
    const { agentState, userState } = this.#options.session;
    return agentState !== 'speaking' && userState !== 'speaking' && this.#requestedAtMs === null;
  }

  /** Monotonic time, in ms, at which the agent was last heard; now while it speaks. */
  get agentHeardAtMs(): number {
    return this.#options.session.agentState === 'speaking' ? performance.now() : this.#agentHeardAtMs;
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
    const listener = (turn: llm.ChatMessage) => {
      // The transcript of an earlier turn may come late.
      if (!this.#isAfterCall(turn.id, callId)) return;
      const hasWords = Boolean(turn.textContent?.trim());
      if (hasWords) onWords();
      resolve(hasWords);
    };
    this.#turnListeners.add(listener);
    if (this.#lastTurn) listener(this.#lastTurn);
    void call.then(() => resolve(false));
    return promise.finally(() => this.#turnListeners.delete(listener));
  }

  /**
   * Has the model say a sentence in the user's language; returns at once.
   * @returns null when the request failed
   */
  say(sentence: string): voice.SpeechHandle | null {
    const requestedAtMs = performance.now();
    let speech: voice.SpeechHandle;
    try {
      speech = utter(this.#options.session, sentence);
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
      const isIdle = this.isFree && this.#options.session.agentState === 'listening';
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
    this.#create(callId, output, this.#callItem(callId)?.id);
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

  /** Repeats an announcement that the user interrupted before it began, with the result at the end again. */
  async #announce(callId: string, output: string): Promise<void> {
    const { session, realtimeSession } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      await this.#agentTurn();
      const failedTurns = this.#failedTurns;
      const itemId = this.#create(callId, output);
      const reply = session.generateReply({ instructions: LATE_RESULT_INSTRUCTIONS, toolChoice: 'auto' });
      await reply.waitForPlayout();
      // After the last attempt the result stays: the model has it for its next answer.
      const isOver = reply.chatItems.length > 0 || this.#failedTurns > failedTurns;
      if (isOver || attempt === DELIVERY_ATTEMPTS) return;
      realtimeSession().sendEvent({ type: 'conversation.item.delete', item_id: itemId });
    }
  }

  /** Waits until the agent may begin a turn. */
  async #agentTurn(): Promise<void> {
    for (;;) {
      await this.#options.session.waitForIdle();
      if (this.#answeredAtMs > this.#userHeardAtMs) return;
      const waitMs = this.#userHeardAtMs + this.#options.turnSettlesMs() - performance.now();
      if (waitMs <= 0) return;
      await Promise.race([this.changed(), delay(waitMs, undefined, { ref: false })]);
    }
  }

  /** Creates the one item: `updateChatCtx` would delete what was just said (docs/upstream/lost-items.md). */
  #create(callId: string, output: string, after?: string): string {
    const id = `late_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
    this.#options.realtimeSession().sendEvent({
      type: 'conversation.item.create',
      event_id: id,
      ...(after && { previous_item_id: after }),
      item: { id, type: 'function_call_output', call_id: callId, output },
    });
    return id;
  }

  #callItem(callId: string): llm.ChatItem | undefined {
    const { items } = this.#options.realtimeSession().chatCtx;
    return items.find((item) => item.type === 'function_call' && item.callId === callId);
  }

  #isAfterCall(itemId: string, callId: string): boolean {
    const ids = this.#options.realtimeSession().chatCtx.items.map(({ id }) => id);
    return ids.indexOf(itemId) > ids.indexOf(this.#callItem(callId)?.id ?? '');
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
