// The API transcribes with a separate model, so transcripts arrive after the response has started.
import type { ServerEvent } from '../protocol/events.ts';

/** From the end of a turn, as observed on the real service. */
const TRANSCRIBED_AFTER_MS = 1_000;

export class Transcripts {
  #send: (event: ServerEvent) => void;
  #pending = new Set<NodeJS.Timeout>();

  constructor(send: (event: ServerEvent) => void) {
    this.#send = send;
  }

  /** Sends an item's transcript after a delay. */
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

  /** Cancels transcripts that are not sent yet. */
  stop(): void {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
