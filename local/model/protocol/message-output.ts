// Sound is sent in pieces of 100 ms, words in step with it.
import type { SpeechVoice } from '../../speech/flite.ts';
import { speakSentences, SPEECH_RATE_HZ } from '../../speech/speak.ts';
import type { ServerEvent } from './events.ts';
import type { Item } from './items.ts';

export type MessageItem = Item & { type: 'message' };

export interface MessageOptions {
  item: MessageItem;
  responseId: string;
  outputIndex: number;
  modality: 'audio' | 'text';
  voice: SpeechVoice;
  send: (event: ServerEvent) => void;
}

const CHUNK_MS = 100;
const CHUNK_SAMPLES = (SPEECH_RATE_HZ * CHUNK_MS) / 1000;
/** Five times faster than real time: quick enough for any player, slow enough to be interrupted. */
const CHUNK_EVERY_MS = 20;
const WORD_EVERY_MS = 5;

export class MessageOutput {
  #options: MessageOptions;
  #transcript = '';
  #audioMs = 0;
  #isClosed = false;

  constructor(options: MessageOptions) {
    this.#options = options;
  }

  get transcript(): string {
    return this.#transcript;
  }

  get audioMs(): number {
    return this.#audioMs;
  }

  /** Says the text; ends early when the message is closed meanwhile. */
  async say(text: string): Promise<void> {
    if (this.#options.modality === 'text') await this.#write(text);
    else await this.#speak(text);
  }

  /** Ends the content part, and gives the item as it was said. */
  close(status: 'completed' | 'incomplete'): MessageItem {
    this.#isClosed = true;
    const { item, modality, send } = this.#options;
    const place = this.#place();
    const transcript = this.#transcript;
    if (modality === 'text') {
      send({ type: 'response.output_text.done', ...place, text: transcript });
      send({ type: 'response.content_part.done', ...place, part: { type: 'text', text: transcript } });
      return { ...item, status, content: [{ type: 'output_text', text: transcript }] };
    }
    send({ type: 'response.output_audio.done', ...place });
    send({ type: 'response.output_audio_transcript.done', ...place, transcript });
    send({ type: 'response.content_part.done', ...place, part: { type: 'audio', transcript } });
    return { ...item, status, content: [{ type: 'output_audio', transcript }] };
  }

  async #write(text: string): Promise<void> {
    const { send } = this.#options;
    const place = this.#place();
    send({ type: 'response.content_part.added', ...place, part: { type: 'text', text: '' } });
    for (const delta of text.match(/\S+\s*/g) ?? []) {
      if (this.#isClosed) return;
      send({ type: 'response.output_text.delta', ...place, delta });
      this.#transcript += delta;
      await pause(WORD_EVERY_MS);
    }
  }

  async #speak(text: string): Promise<void> {
    const { send, voice } = this.#options;
    const place = this.#place();
    send({ type: 'response.content_part.added', ...place, part: { type: 'audio', transcript: '' } });
    for await (const sentence of speakSentences(text, { voice })) {
      const words = sentence.text.match(/\S+\s*|\s+/g) ?? [];
      const chunks = Math.max(1, Math.ceil(sentence.pcm.length / CHUNK_SAMPLES));
      for (let chunk = 0; chunk < chunks; chunk++) {
        if (this.#isClosed) return;
        const from = Math.floor((words.length * chunk) / chunks);
        const to = Math.floor((words.length * (chunk + 1)) / chunks);
        this.#sendWords(words.slice(from, to).join(''));
        this.#sendSound(sentence.pcm.subarray(chunk * CHUNK_SAMPLES, (chunk + 1) * CHUNK_SAMPLES));
        await pause(CHUNK_EVERY_MS);
      }
    }
  }

  #sendWords(delta: string): void {
    if (!delta) return;
    this.#transcript += delta;
    this.#options.send({ type: 'response.output_audio_transcript.delta', ...this.#place(), delta });
  }

  #sendSound(pcm: Int16Array): void {
    if (pcm.length === 0) return;
    this.#audioMs += (1000 * pcm.length) / SPEECH_RATE_HZ;
    const delta = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');
    this.#options.send({ type: 'response.output_audio.delta', ...this.#place(), delta });
  }

  #place() {
    const { item, responseId, outputIndex } = this.#options;
    return { response_id: responseId, item_id: item.id, output_index: outputIndex, content_index: 0 };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
