// One response on its way out: the events in the order of the API, sound in pieces of 100 ms, words in step with it.
import type { SpeechVoice } from '../speech/flite.ts';
import { speakSentences, SPEECH_RATE_HZ } from '../speech/speak.ts';
import type { ApiError } from './api-errors.ts';
import type { Conversation } from './conversation.ts';
import type { ResponseResource, ServerEvent } from './events.ts';
import type { Item } from './items.ts';
import type { Decision } from './reply.ts';
import { countUsage, type InputTokens, type Usage } from './usage.ts';

export interface ResponseSettings {
  id: string;
  metadata: Record<string, string> | null;
  modality: 'audio' | 'text';
  voice: SpeechVoice;
  newId: (kind: 'item' | 'call') => string;
  countInput: () => InputTokens;
}

export type CancelReason = 'turn_detected' | 'client_cancelled';

const CHUNK_MS = 100;
const CHUNK_SAMPLES = (SPEECH_RATE_HZ * CHUNK_MS) / 1000;
/** Five times faster than real time: quick enough for any player, slow enough to be interrupted. */
const CHUNK_EVERY_MS = 20;
const WORD_EVERY_MS = 5;

type OpenMessage = { item: Item & { type: 'message' }; transcript: string; audioMs: number };

/** A response that is under way. It ends once: by itself, or by `cancel`. */
export class Response {
  #settings: ResponseSettings;
  #conversation: Conversation | undefined;
  #send: (event: ServerEvent) => void;
  #onEnd: () => void;
  #open: OpenMessage | undefined;
  #output: Item[] = [];
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

  /** Announces the response, then says or calls what was decided. Resolves when it ended. */
  async run(decide: () => Decision): Promise<void> {
    this.announce();
    const decision = decide();
    if (decision.kind === 'call') this.#call(decision.name, JSON.stringify(decision.args));
    else await this.#say(decision.text);
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
  }

  #call(name: string, args: string): void {
    const place = { response_id: this.id, output_index: 0 };
    const callId = this.#settings.newId('call');
    const item: Item = {
      id: this.#settings.newId('item'),
      object: 'realtime.item',
      type: 'function_call',
      status: 'in_progress',
      call_id: callId,
      name,
      arguments: '',
    };
    this.#send({ type: 'response.output_item.added', ...place, item });
    this.#append(item);
    const inItem = { ...place, item_id: item.id, call_id: callId };
    this.#send({ type: 'response.function_call_arguments.delta', ...inItem, delta: args });
    this.#send({ type: 'response.function_call_arguments.done', ...inItem, name, arguments: args });
    const done: Item = { ...item, status: 'completed', arguments: args };
    this.#output.push(done);
    this.#complete(done);
    this.#send({ type: 'response.output_item.done', ...place, item: done });
  }

  async #say(text: string): Promise<void> {
    const item: OpenMessage['item'] = {
      id: this.#settings.newId('item'),
      object: 'realtime.item',
      type: 'message',
      role: 'assistant',
      status: 'in_progress',
      content: [],
    };
    this.#open = { item, transcript: '', audioMs: 0 };
    this.#send({ type: 'response.output_item.added', response_id: this.id, output_index: 0, item });
    this.#append(item);
    if (this.#settings.modality === 'text') await this.#write(text);
    else await this.#speak(text);
  }

  async #write(text: string): Promise<void> {
    const place = this.#place();
    this.#send({ type: 'response.content_part.added', ...place, part: { type: 'text', text: '' } });
    for (const delta of text.match(/\S+\s*/g) ?? []) {
      if (this.#hasEnded) return;
      this.#send({ type: 'response.output_text.delta', ...place, delta });
      if (this.#open) this.#open.transcript += delta;
      await pause(WORD_EVERY_MS);
    }
  }

  async #speak(text: string): Promise<void> {
    const place = this.#place();
    this.#send({ type: 'response.content_part.added', ...place, part: { type: 'audio', transcript: '' } });
    for await (const sentence of speakSentences(text, { voice: this.#settings.voice })) {
      const words = sentence.text.match(/\S+\s*|\s+/g) ?? [];
      const chunks = Math.max(1, Math.ceil(sentence.pcm.length / CHUNK_SAMPLES));
      for (let chunk = 0; chunk < chunks; chunk++) {
        if (this.#hasEnded) return;
        const from = Math.floor((words.length * chunk) / chunks);
        const to = Math.floor((words.length * (chunk + 1)) / chunks);
        this.#sendWords(words.slice(from, to).join(''));
        this.#sendSound(sentence.pcm.subarray(chunk * CHUNK_SAMPLES, (chunk + 1) * CHUNK_SAMPLES));
        await pause(CHUNK_EVERY_MS);
      }
    }
  }

  #sendWords(delta: string): void {
    if (!this.#open || !delta) return;
    this.#open.transcript += delta;
    this.#send({ type: 'response.output_audio_transcript.delta', ...this.#place(), delta });
  }

  #sendSound(pcm: Int16Array): void {
    if (!this.#open || pcm.length === 0) return;
    this.#open.audioMs += (1000 * pcm.length) / SPEECH_RATE_HZ;
    const delta = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');
    this.#send({ type: 'response.output_audio.delta', ...this.#place(), delta });
  }

  #end(status: 'completed' | 'cancelled' | 'failed', details: object | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#open) this.#closeMessage(this.#open, status === 'completed' ? 'completed' : 'incomplete');
    this.#onEnd();
    const usage = status === 'failed' ? null : this.#usage();
    this.#send({ type: 'response.done', response: this.#resource(status, details, usage) });
  }

  #closeMessage(open: OpenMessage, status: 'completed' | 'incomplete'): void {
    const place = this.#place();
    const { transcript } = open;
    const audioMs = Math.floor(open.audioMs);
    if (this.#settings.modality === 'text') {
      this.#send({ type: 'response.output_text.done', ...place, text: transcript });
      this.#send({ type: 'response.content_part.done', ...place, part: { type: 'text', text: transcript } });
    } else {
      this.#send({ type: 'response.output_audio.done', ...place });
      this.#send({ type: 'response.output_audio_transcript.done', ...place, transcript });
      this.#send({ type: 'response.content_part.done', ...place, part: { type: 'audio', transcript } });
      this.#conversation?.noteSpoken(open.item.id, { audioMs, transcript });
    }
    const content: OpenMessage['item']['content'] =
      this.#settings.modality === 'text'
        ? [{ type: 'output_text', text: transcript }]
        : [{ type: 'output_audio', transcript }];
    const item: Item = { ...open.item, status, content };
    this.#output.push(item);
    this.#complete(item);
    this.#send({ type: 'response.output_item.done', response_id: this.id, output_index: 0, item });
  }

  /** Adds an item that has begun to the conversation, if the response belongs to one. */
  #append(item: Item): void {
    if (!this.#conversation) return;
    const previous_item_id = this.#conversation.append(item);
    this.#send({ type: 'conversation.item.added', previous_item_id, item });
  }

  #complete(item: Item): void {
    if (!this.#conversation) return;
    this.#conversation.replace(item);
    const previous_item_id = this.#conversation.idBefore(item.id);
    this.#send({ type: 'conversation.item.done', previous_item_id, item });
  }

  #place() {
    return { response_id: this.id, item_id: this.#open?.item.id ?? '', output_index: 0, content_index: 0 };
  }

  #usage(): Usage {
    const said = this.#output.map((item) =>
      item.type === 'function_call' ? item.arguments : this.#open?.transcript,
    );
    return countUsage(this.#settings.countInput(), said.join(' '), this.#open?.audioMs ?? 0);
  }

  #resource(
    status: ResponseResource['status'],
    status_details: object | null,
    usage: Usage | null,
  ): ResponseResource {
    const { id, metadata, modality } = this.#settings;
    return {
      object: 'realtime.response',
      id,
      conversation_id: this.#conversation?.id ?? null,
      status,
      status_details,
      output: this.#output,
      output_modalities: [modality],
      metadata,
      usage,
    };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
