// At most one response is added to the conversation; any number run beside it.
import { API_ERRORS } from '../protocol/api-errors.ts';
import type { Conversation } from './conversation.ts';
import type { ServerEvent } from '../protocol/events.ts';
import type { Faults } from '../faults.ts';
import type { Item } from '../protocol/items.ts';
import type { Output } from './reply.ts';
import { Response, type CancelReason } from './response.ts';
import type { ResponseOptions } from '../protocol/response-options.ts';
import { unsupportedParameter, type SessionSettings } from '../protocol/settings.ts';
import type { InputTokens } from '../protocol/usage.ts';
import type { Complaint } from '../protocol/complaint.ts';

export interface ResponseHost {
  conversation: Conversation;
  settings: () => SessionSettings;
  decide: (options: ResponseOptions, items: readonly Item[]) => Output[];
  countInput: (options: ResponseOptions, items: readonly Item[]) => InputTokens;
  send: (event: ServerEvent) => void;
  newId: (kind: 'resp' | 'item' | 'call') => string;
  log: (line: string) => void;
  faults: Faults;
  loseConnection: () => void;
}

export class Responses {
  #host: ResponseHost;
  #inConversation: Response | undefined;
  #outOfBand = new Map<string, Response>();

  constructor(host: ResponseHost) {
    this.#host = host;
  }

  /** A response that is added to the conversation is under way. */
  get isBusy(): boolean {
    return this.#inConversation !== undefined;
  }

  /** Starts a response. @returns what is wrong with what was asked, if anything */
  create(options: ResponseOptions): Complaint | undefined {
    const { conversation, send, newId, countInput, settings } = this.#host;
    const { model, output_modalities, max_output_tokens, audio } = settings();
    const isOutOfBand = options.conversation === 'none';
    if (!isOutOfBand && this.#inConversation) {
      const message = `Conversation already has an active response in progress: ${this.#inConversation.id}. Wait until the response is finished before creating a new one.`;
      return { code: 'conversation_already_has_active_response', message, param: null };
    }
    const unsupported = unsupportedParameter(model, options, 'response');
    if (unsupported) return unsupported;
    const input = conversation.inputOf(options.input);
    if (!input.ok) return input.complaint;

    const response = new Response(
      {
        id: newId('resp'),
        metadata: options.metadata ?? null,
        modality: options.output_modalities?.[0] ?? output_modalities[0] ?? 'audio',
        voice: options.audio?.output?.voice ?? audio.output.voice,
        maxOutputTokens: options.max_output_tokens ?? max_output_tokens,
        newId,
        countInput: () => countInput(options, input.value),
      },
      isOutOfBand ? undefined : conversation,
      send,
      () => this.#forget(response),
    );
    if (isOutOfBand) this.#outOfBand.set(response.id, response);
    else this.#inConversation = response;
    this.#run(response, () => this.#host.decide(options, input.value));
    return undefined;
  }

  #run(response: Response, decide: () => Output[]): void {
    const { faults, loseConnection, log } = this.#host;
    const fault = faults.take('connection_lost', 'response_missing', 'response_stalled', 'response_failed');
    switch (fault?.kind) {
      case 'connection_lost':
        return loseConnection();
      case 'response_missing':
        return this.#forget(response);
      case 'response_stalled':
        return response.announce();
      case 'response_failed':
        response.announce();
        return response.fail(fault.error);
      case undefined:
    }
    response.run(decide).catch((error: unknown) => {
      log(`could not finish ${response.id}: ${String(error)}`);
      response.fail(API_ERRORS.server_error);
    });
  }

  /**
   * Cancels a response at the client's wish.
   *
   * @param responseId of any response; without one, the response of the conversation is meant
   */
  cancel(responseId: string | undefined): Complaint | undefined {
    const active = [...(this.#inConversation ? [this.#inConversation] : []), ...this.#outOfBand.values()];
    const meant = responseId ? active.find(({ id }) => id === responseId) : this.#inConversation;
    if (!meant) {
      const message = 'Cancellation failed: no active response found';
      return { code: 'response_cancel_not_active', message, param: null };
    }
    meant.cancel('client_cancelled');
    return undefined;
  }

  /** A voice interrupts the response of the conversation, but none beside it. */
  interrupt(reason: CancelReason): void {
    this.#inConversation?.cancel(reason);
  }

  /** The client has gone. */
  abandon(): void {
    for (const response of [this.#inConversation, ...this.#outOfBand.values()]) response?.abandon();
    this.#inConversation = undefined;
    this.#outOfBand.clear();
  }

  #forget(response: Response): void {
    if (this.#inConversation === response) this.#inConversation = undefined;
    this.#outOfBand.delete(response.id);
  }
}
