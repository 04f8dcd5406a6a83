/**
 * Every turn ends with an answer or with a report that there is none. An answer that fails, or does not come, is asked
 * for once more; the second failure is reported.
 *
 *   none ──request, or words of the user──▶ asked ──response.created──▶ answering ──response.done──▶ none
 *                                            ▲ │ error, silence            │ failed, silence
 *                            second request  │ └──────────┬────────────────┘
 *                                          waiting ◀──────┴───▶ none, reported (the second time)
 *
 * The plugin does not notice a second request: it is not shown the failed end of the first response, nor the beginning
 * of the second, so what the second one says belongs to the turn that is under way.
 */
import { randomUUID } from 'node:crypto';
import type { realtime } from '@livekit/agents-plugin-openai';
import { FAILURES, type ModelFailure } from '../model-failure.ts';
import { isCut } from '../workarounds/cut-calls.ts';
import { isOutOfBand } from '../workarounds/out-of-band.ts';
import { failedEvent, failedResponse, rateLimitWaitMs, silence } from './failure-events.ts';

/** The model announces a response well under a second after it was asked for; the plugin gives up after ten. */
const CREATED_WITHIN_MS = 5_000;
/** Between two events of a response. A model that reasons is silent before its first words. */
const NEXT_EVENT_WITHIN_MS = 20_000;
const RETRY_AFTER_MS = 500;
/** A longer wait, as a rate limit may ask for, is announced at once. With it, a retry is in time for the plugin. */
const LONGEST_WAIT_MS = 4_000;

const SPOKEN = /^response\.output_(audio|audio_transcript|text)\.delta$/;

type Request = realtime.ResponseCreateEvent;

export interface AnswerWatchOptions {
  send: (event: realtime.ClientEvent) => void;
  /** Ends the response that the plugin takes for the current one: its end was kept from it, or never came. */
  endResponse: () => void;
  onFatal: (failure: ModelFailure) => void;
  /** This turn stays without an answer. `request`: null for one that the model should have given by itself. */
  onFailed: (failure: ModelFailure, request: Request | null) => void;
  onAnswered: () => void;
}

interface Owed {
  /** Null for one that the model gives by itself, to what it heard. */
  request: Request | null;
  itemId: string | null;
  hasWords: boolean;
  isRetry: boolean;
  responseId: string | null;
  isOpen: boolean;
  hasSpoken: boolean;
  hasCalled: boolean;
}

export class AnswerWatch {
  readonly #options: AnswerWatchOptions;
  #owed: Owed | null = null;
  #lost: Owed | null = null;
  #timer: NodeJS.Timeout | undefined;
  readonly #own = new WeakSet<realtime.ClientEvent>();
  /** Ids of out-of-band requests, which are not turns. */
  readonly #asides = new Set<string>();
  readonly #abandoned = new Set<string>();
  #rateLimitWaitMs = 0;

  constructor(options: AnswerWatchOptions) {
    this.#options = options;
  }

  /** An event goes to the model. */
  sent(event: realtime.ClientEvent): void {
    if (this.#own.delete(event)) return;
    // With an id, it ends a response beside the conversation, or one that nobody waits for.
    if (event.type === 'response.cancel' && !event.response_id) this.forget();
    if (event.type !== 'response.create') return;
    if (isOutOfBand(event)) {
      const id = event.response?.metadata?.client_event_id;
      if (id) this.#asides.add(id);
      return;
    }
    this.#expect({ request: event });
  }

  /**
   * An event comes from the model.
   * @returns whether to keep it from the plugin
   */
  received(event: realtime.ServerEvent): boolean {
    switch (event.type) {
      case 'input_audio_buffer.speech_started':
        this.forget();
        return false;
      case 'input_audio_buffer.committed':
        this.#expect({ itemId: event.item_id });
        return false;
      case 'conversation.item.input_audio_transcription.completed':
        this.#onTranscript(event);
        return false;
      case 'response.created':
        return this.#onCreated(event.response);
      case 'response.done':
        return this.#onDone(event);
      case 'rate_limits.updated':
        this.#rateLimitWaitMs = rateLimitWaitMs(event.rate_limits);
        return false;
      case 'error':
        return this.#onError(event.error);
      default:
        this.#onProgress(event);
        return false;
    }
  }

  /** Nobody wants the answer any more: the user speaks, or something else was asked for. */
  forget(): void {
    const owed = this.#owed;
    this.#settle();
    if (owed?.isOpen && owed.responseId === null) this.#options.endResponse();
  }

  /** The connection ended, and what was asked on it with it. */
  connectionLost(): void {
    this.#lost = this.#owed;
    this.#settle();
    this.#asides.clear();
    this.#abandoned.clear();
  }

  /** A new connection knows the conversation, and what nobody acknowledged is sent again by others. */
  reconnected(): void {
    const lost = this.#lost;
    this.#lost = null;
    if (!lost || lost.hasSpoken || lost.hasCalled) return;
    const { request, responseId, isOpen, isRetry, hasWords } = lost;
    // A request that the model had not taken; one whose response has failed since, it had.
    const isSentAgain = request !== null && responseId === null && (isRetry || !isOpen);
    // What has instructions of its own, such as a greeting, answers nobody.
    if (isSentAgain || request?.response?.instructions) return;
    if (isRetry || (!request && !hasWords))
      this.#options.onFailed({ kind: 'connection_lost', facts: {} }, request);
    else this.#ask({ ...lost, isOpen: false });
  }

  stop(): void {
    this.#settle();
    this.#lost = null;
  }

  #expect(what: Partial<Owed>): Owed {
    this.forget();
    const owed = {
      request: null,
      itemId: null,
      hasWords: false,
      isRetry: false,
      responseId: null,
      isOpen: false,
      hasSpoken: false,
      hasCalled: false,
      ...what,
    };
    this.#owed = owed;
    this.#await('response.created', CREATED_WITHIN_MS);
    return owed;
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#owed = null;
  }

  #await(awaited: string, withinMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onSilence(awaited, withinMs), withinMs);
  }

  #onTranscript({ item_id, transcript }: { item_id: string; transcript: string }): void {
    const owed = this.#owed;
    if (owed?.itemId !== item_id) return;
    owed.hasWords = Boolean(transcript.trim());
    // Nothing was said: a cough needs no answer.
    if (!owed.hasWords && owed.responseId === null) this.forget();
  }

  #onCreated(response: realtime.ResponseResource): boolean {
    const requestId = response.metadata?.client_event_id;
    if (typeof requestId === 'string' && this.#asides.delete(requestId)) return false;
    const owed = this.#owed ?? this.#expect({});
    const isContinued = owed.isOpen;
    owed.responseId = response.id;
    owed.isOpen = true;
    this.#await('response.done', NEXT_EVENT_WITHIN_MS);
    return isContinued;
  }

  #onProgress(event: realtime.ServerEvent): void {
    const owed = this.#owed;
    if (!owed || !('response_id' in event) || event.response_id !== owed.responseId) return;
    this.#await('response.done', NEXT_EVENT_WITHIN_MS);
    if (SPOKEN.test(event.type)) owed.hasSpoken = true;
    if (event.type !== 'response.output_item.done' || event.item.type !== 'function_call') return;
    // Words before a call that was cut off are no answer.
    if (isCut(event.item)) owed.hasSpoken = false;
    else owed.hasCalled = true;
  }

  #onDone(event: realtime.ResponseDoneEvent): boolean {
    const { response } = event;
    if (this.#abandoned.delete(response.id)) return true;
    const owed = this.#owed;
    if (!owed || response.id !== owed.responseId) return this.#endsAll(failedResponse(response));
    // What it heard the model may leave unanswered, and that may be right; what it was asked for, or began, it has to give.
    const isDue = owed.request !== null || response.status === 'incomplete';
    const isEmpty = isDue && !owed.hasSpoken && !owed.hasCalled;
    const failure = failedResponse(response, isEmpty);
    if (failure) return this.#onFailure(owed, failure);
    this.#settle();
    if (response.status === 'completed') this.#options.onAnswered();
    return false;
  }

  #onError(error: realtime.ErrorEvent['error']): boolean {
    const owed = this.#owed;
    const isItsOwn = Boolean(error.event_id) && error.event_id === owed?.request?.event_id;
    const failure = failedEvent(error, isItsOwn ? 'response' : 'other');
    if (!failure) return false;
    if (this.#endsAll(failure)) return true;
    // Of an answer that was not asked for by an event, an error names none.
    const isMeant = isItsOwn || (owed?.request === null && !error.event_id);
    if (!owed || !isMeant || owed.responseId !== null) return false;
    return this.#onFailure(owed, failure);
  }

  /** A permanent failure strikes every answer, whatever it was reported for. */
  #endsAll(failure: ModelFailure | null): boolean {
    if (!failure || !FAILURES[failure.kind].endReason) return false;
    this.#options.onFatal(failure);
    return true;
  }

  #onSilence(awaited: string, afterMs: number): void {
    const owed = this.#owed;
    if (!owed) return;
    const { responseId } = owed;
    if (responseId !== null) {
      this.#abandoned.add(responseId);
      this.#sendOwn({ type: 'response.cancel', response_id: responseId });
    }
    if (!this.#onFailure(owed, silence(awaited, afterMs)) && owed.isOpen) this.#options.endResponse();
  }

  /** @returns whether the answer is asked for again, so that the plugin is not to know of the failure */
  #onFailure(owed: Owed, failure: ModelFailure): boolean {
    const { retryable } = FAILURES[failure.kind];
    const waitMs = this.#waitMs(failure);
    // The result of a call gets its own response, and a call must not be made twice.
    if (retryable && !owed.isRetry && !owed.hasCalled && waitMs <= LONGEST_WAIT_MS) {
      clearTimeout(this.#timer);
      owed.responseId = null;
      if (waitMs === 0) this.#ask(owed);
      else this.#timer = setTimeout(() => this.#ask(owed), waitMs);
      return true;
    }
    this.#settle();
    if (!this.#endsAll(failure) && !owed.hasCalled) this.#options.onFailed(failure, owed.request);
    return false;
  }

  #waitMs({ kind, retryAfterMs }: ModelFailure): number {
    if (kind === 'no_answer') return 0;
    const reportedMs = kind === 'rate_limited' ? this.#rateLimitWaitMs : 0;
    return retryAfterMs ?? Math.max(RETRY_AFTER_MS, reportedMs);
  }

  #ask(owed: Owed): void {
    this.#owed = { ...owed, isRetry: true, responseId: null };
    this.#sendOwn(owed.request ?? { type: 'response.create', event_id: `again_${randomUUID()}` });
    this.#await('response.created', CREATED_WITHIN_MS);
  }

  #sendOwn(event: realtime.ClientEvent): void {
    this.#own.add(event);
    this.#options.send(event);
  }
}
