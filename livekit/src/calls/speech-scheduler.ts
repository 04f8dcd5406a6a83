/**
 * Who speaks in the conversation, and the agent's own ways to take the scheduler: a sign of life, and the result
 * of a call that no longer holds the conversation. A realtime model has no voice but its own answers, so all
 * of it is asked of the model.
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
  /**
   * The model answers by itself after the user stopped. Until its answer has begun, or this many ms have passed,
   * it isn't asked for anything else.
   */
  turnSettlesMs: () => number;
  /** The model could not be asked; for the log. */
  onFault: (error: unknown) => void;
}

export class SpeechScheduler {
  readonly #options: SpeechSchedulerOptions;
  readonly #voiceDelays: number[] = [];
  #agentHeardAtMs = 0;
  /** Monotonic time, in ms, at which the model last began to speak by itself. */
  #spokeAtMs = 0;
  readonly #createdAtMs = new WeakMap<voice.SpeechHandle, number>();
  #userHeardAtMs = 0;
  /** Monotonic time at which the model last began an answer of its own. */
  #answeredAtMs = 0;
  #change = Promise.withResolvers<void>();
  /** Monotonic time at which the model was asked for words that are not said yet. */
  #askedAtMs: number | null = null;
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

  /** Neither the agent nor the user speaks, and no sign of life is on its way. */
  get isFree(): boolean {
    const { agentState, userState } = this.#options.session;
    return agentState !== 'speaking' && userState !== 'speaking' && this.#askedAtMs === null;
  }

  /** Monotonic time, in ms, at which the agent was last heard; now while it speaks. */
  get agentHeardAtMs(): number {
    return this.#options.session.agentState === 'speaking' ? performance.now() : this.#agentHeardAtMs;
  }

  /** Whether the model was heard in this response, as with words before a call; fillers do not count. */
  hasSpoken(response: voice.SpeechHandle): boolean {
    return this.#spokeAtMs >= (this.#createdAtMs.get(response) ?? Number.POSITIVE_INFINITY);
  }

  /** What to expect from asking for words to hearing them, in ms. */
  get voiceDelayMs(): number {
    return expectedVoiceDelayMs(this.#voiceDelays);
  }

  /** Resolves when somebody begins or ends to speak. */
  changed(): Promise<void> {
    return this.#change.promise;
  }

  /**
   * Waits for the user's first turn after a call, until the call ends.
   * @param onWords runs when there are words in it, before the model answers them
   * @returns whether there were
   */
  async userTurn(callId: string, call: Promise<unknown>, onWords: () => void): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const listener = (turn: llm.ChatMessage) => {
      // The words of an earlier turn may be written down late.
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
   * Has the model say this, in the language of the user; returns at once.
   * @returns null when the model could not be asked
   */
  say(sentence: string): voice.SpeechHandle | null {
    const askedAtMs = performance.now();
    let speech: voice.SpeechHandle;
    try {
      speech = utter(this.#options.session, sentence);
    } catch (error) {
      this.#fault(error);
      return null;
    }
    this.#askedAtMs = askedAtMs;
    speech
      .waitForPlayout()
      .catch((error: unknown) => this.#fault(error))
      .finally(() => {
        // Sentences are said in order: a later one is still on its way.
        if (this.#askedAtMs === askedAtMs) this.#askedAtMs = null;
        this.#changed();
      });
    return speech;
  }

  /**
   * A turn stays without an answer: it is not asked for again here.
   * @param sentence what the agent says about it; null when it cannot speak
   */
  turnFailed(sentence: string | null): void {
    this.#failedTurns += 1;
    if (sentence !== null) this.say(sentence);
  }

  /** Resolves when nobody has spoken, and nothing was under way, for so long; rejects when the signal says so. */
  async quietFor(ms: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const isIdle = this.isFree && this.#options.session.agentState === 'listening';
      const quietMs = performance.now() - Math.max(this.#agentHeardAtMs, this.#userHeardAtMs);
      if (isIdle && quietMs >= ms) return;
      const look = new AbortController();
      const waitMs = isIdle ? ms - quietMs : ms;
      await Promise.race([this.changed(), pause(waitMs, AbortSignal.any([signal, look.signal]))]).finally(
        () => look.abort(),
      );
    }
  }

  /** Gives the model the output of a call that the framework no longer waits for, in the place of the call. */
  answer(callId: string, output: string): void {
    this.#create(callId, output, this.#callItem(callId)?.id);
  }

  /**
   * Has the result of such a call told in a turn of its own, once nobody speaks; one at a time.
   * @param response that made the call: what it is still to answer comes first
   * @returns resolves when the result was told, or could not be; never rejects
   */
  deliver(
    callId: string,
    output: string,
    response: Pick<voice.SpeechHandle, 'addDoneCallback'>,
  ): Promise<void> {
    const answered = new Promise<void>((resolve) => response.addDoneCallback(() => resolve()));
    this.#deliveries = this.#deliveries
      .then(() => answered)
      .then(() => this.#delivered(callId, output))
      .catch((error: unknown) => this.#fault(error));
    return this.#deliveries;
  }

  /** A reply that the user spoke over before it began is asked for again, with the result once more at the end. */
  async #delivered(callId: string, output: string): Promise<void> {
    const { session, realtimeSession } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      await this.#turn();
      const failedTurns = this.#failedTurns;
      const itemId = this.#create(callId, output);
      const reply = session.generateReply({ instructions: LATE_RESULT_INSTRUCTIONS, toolChoice: 'auto' });
      await reply.waitForPlayout();
      // The last one stays: the model has it for its next answer.
      const isOver = reply.chatItems.length > 0 || this.#failedTurns > failedTurns;
      if (isOver || attempt === DELIVERY_ATTEMPTS) return;
      realtimeSession().sendEvent({ type: 'conversation.item.delete', item_id: itemId });
    }
  }

  /** Waits until it is the agent's turn to begin. */
  async #turn(): Promise<void> {
    for (;;) {
      await this.#options.session.waitForIdle();
      if (this.#answeredAtMs > this.#userHeardAtMs) return;
      const waitMs = this.#userHeardAtMs + this.#options.turnSettlesMs() - performance.now();
      if (waitMs <= 0) return;
      await Promise.race([this.changed(), delay(waitMs, undefined, { ref: false })]);
    }
  }

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
      if (this.#askedAtMs === null) this.#spokeAtMs = nowMs;
      else this.#voiceDelays.push(nowMs - this.#askedAtMs);
    }
    this.#changed();
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
