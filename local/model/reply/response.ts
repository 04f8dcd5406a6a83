import type { ApiError } from '../protocol/api-errors.ts';
import type { Conversation } from './conversation.ts';
import type { ResponseResource, ServerEvent } from '../protocol/events.ts';
import type { Item } from '../protocol/items.ts';
import { MessageOutput } from '../protocol/message-output.ts';
import type { Output } from './reply.ts';
import { countUsage, type InputTokens, type Usage } from '../protocol/usage.ts';
import { speechVoiceOf, type Voice } from '../protocol/voices.ts';

export interface ResponseSettings {
  id: string;
  metadata: Record<string, string> | null;
  modality: 'audio' | 'text';
  voice: Voice;
  maxOutputTokens: number | 'inf';
  newId: (kind: 'item' | 'call') => string;
  countInput: () => InputTokens;
}

export type CancelReason = 'turn_detected' | 'client_cancelled';

/** Nothing is limited here, but the API reports this after each response. */
const RATE_LIMIT = { name: 'tokens', limit: 40_000, remaining: 40_000, reset_seconds: 0 } as const;

/** A response that is under way. It ends once: by itself, or by `cancel`. */
export class Response {
  #settings: ResponseSettings;
  #conversation: Conversation | undefined;
  #send: (event: ServerEvent) => void;
  #onEnd: () => void;
  #open: MessageOutput | undefined;
  #output: Item[] = [];
  #said: string[] = [];
  #spokenMs = 0;
  #hasEnded = false;

  /**
   * @param conversation takes the items; none for a response beside the conversation
   * @param onEnd runs just before `response.done` goes out
   */
  constructor(
    settings: ResponseSettings,
    conversation: Conversation | undefined,
    send: (event: ServerEvent) => void,
    onEnd: () => void,
  ) {
    this.#settings = settings;
    this.#conversation = conversation;
    this.#send = send;
    this.#onEnd = onEnd;
  }

  get id(): string {
    return this.#settings.id;
  }

  /** Announces the response, then puts out what was decided. Resolves when it ended. */
  async run(decide: () => Output[]): Promise<void> {
    this.announce();
    for (const output of decide()) {
      if (this.#hasEnded) return;
      await this.#put(output);
    }
    this.#end('completed', null);
  }

  /** Says that the response has begun; without `run`, nothing follows. */
  announce(): void {
    this.#send({ type: 'response.created', response: this.#resource('in_progress', null, null) });
  }

  /** Ends with an error of the service, if it has not ended. */
  fail(error: ApiError): void {
    this.#end('failed', { type: 'failed', error });
  }

  /** Stops at once: what was said stays, as an incomplete item. Nothing happens when it had ended. */
  cancel(reason: CancelReason): void {
    this.#end('cancelled', { type: 'cancelled', reason });
  }

  /** Ends without a word to a client that has gone. */
  abandon(): void {
    this.#hasEnded = true;
    this.#open?.close('incomplete');
  }

  async #put(output: Output): Promise<void> {
    switch (output.kind) {
      case 'reason':
        return this.#reason();
      case 'say':
        return await this.#say(output.text);
      case 'call':
        return this.#call(output.name, JSON.stringify(output.args));
    }
  }

  #reason(): void {
    const item: Item = { ...this.#newItem(), type: 'reasoning', content: [] };
    this.#begin(item);
    this.#finish({ ...item, status: 'completed' });
  }

  #call(name: string, args: string): void {
    const call_id = this.#settings.newId('call');
    const item: Item = { ...this.#newItem(), type: 'function_call', call_id, name, arguments: '' };
    this.#begin(item);
    const place = { response_id: this.id, output_index: this.#output.length, item_id: item.id, call_id };
    this.#send({ type: 'response.function_call_arguments.delta', ...place, delta: args });
    this.#send({ type: 'response.function_call_arguments.done', ...place, name, arguments: args });
    this.#said.push(args);
    this.#finish({ ...item, status: 'completed', arguments: args });
  }

  async #say(text: string): Promise<void> {
    const item = { ...this.#newItem(), type: 'message' as const, role: 'assistant' as const, content: [] };
    const { modality, voice } = this.#settings;
    const message = new MessageOutput({
      item,
      responseId: this.id,
      outputIndex: this.#output.length,
      modality,
      voice: speechVoiceOf(voice),
      send: this.#send,
    });
    this.#open = message;
    this.#begin(item);
    await message.say(text);
    if (!this.#hasEnded) this.#closeMessage('completed');
  }

  #closeMessage(status: 'completed' | 'incomplete'): void {
    const message = this.#open;
    if (!message) return;
    this.#open = undefined;
    const item = message.close(status);
    const { transcript, audioMs } = message;
    this.#said.push(transcript);
    this.#spokenMs += audioMs;
    if (this.#settings.modality === 'audio')
      this.#conversation?.noteSpoken(item.id, { audioMs: Math.floor(audioMs), transcript });
    this.#finish(item);
  }

  #newItem() {
    return { id: this.#settings.newId('item'), object: 'realtime.item', status: 'in_progress' } as const;
  }

  #begin(item: Item): void {
    const output_index = this.#output.length;
    this.#send({ type: 'response.output_item.added', response_id: this.id, output_index, item });
    if (!this.#conversation) return;
    const previous_item_id = this.#conversation.append(item);
    this.#send({ type: 'conversation.item.added', previous_item_id, item });
  }

  #finish(item: Item): void {
    const output_index = this.#output.length;
    this.#output.push(item);
    if (this.#conversation) {
      this.#conversation.replace(item);
      const previous_item_id = this.#conversation.idBefore(item.id);
      this.#send({ type: 'conversation.item.done', previous_item_id, item });
    }
    this.#send({ type: 'response.output_item.done', response_id: this.id, output_index, item });
  }

  #end(status: 'completed' | 'cancelled' | 'failed', details: object | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#closeMessage('incomplete');
    this.#onEnd();
    const usage = status === 'failed' ? null : this.#usage();
    this.#send({ type: 'response.done', response: this.#resource(status, details, usage) });
    this.#send({ type: 'rate_limits.updated', rate_limits: [RATE_LIMIT] });
  }

  #usage(): Usage {
    return countUsage(this.#settings.countInput(), this.#said.join(' '), this.#spokenMs);
  }

  #resource(
    status: ResponseResource['status'],
    status_details: object | null,
    usage: Usage | null,
  ): ResponseResource {
    const { id, metadata, modality, voice, maxOutputTokens } = this.#settings;
    return {
      object: 'realtime.response',
      id,
      conversation_id: this.#conversation?.id ?? null,
      status,
      status_details,
      output: [...this.#output],
      output_modalities: [modality],
      max_output_tokens: maxOutputTokens,
      audio: { output: { format: { type: 'audio/pcm', rate: 24_000 }, voice } },
      metadata,
      usage,
    };
  }
}
