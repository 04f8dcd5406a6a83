// Transcripts of what the user said. The API writes them with another model, beside the conversation: they arrive when
// the answer has long begun.
import type { ServerEvent } from '../protocol/events.ts';

/** From the end of a turn to its transcript, as seen on the real service. */
const TRANSCRIBED_AFTER_MS = 1_000;

export class Transcripts {
  #send: (event: ServerEvent) => void;
  #pending = new Set<NodeJS.Timeout>();

  constructor(send: (event: ServerEvent) => void) {
    this.#send = send;
  }

  /** Sends the transcript of an item in a while. */
  write(item_id: string, transcript: string, seconds: number): void {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      const type = 'conversation.item.input_audio_transcription';
      const place = { item_id, content_index: 0 };
      if (transcript) this.#send({ type: `${type}.delta`, ...place, delta: transcript });
      this.#send({ type: `${type}.completed`, ...place, transcript, usage: { type: 'duration', seconds } });
    }, TRANSCRIBED_AFTER_MS);
    this.#pending.add(timer);
  }

  /** Those that are not sent yet never are. */
  stop(): void {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
