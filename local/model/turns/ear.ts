import { HEARING_RATE_HZ, type Hearing } from '../../speech/hear.ts';
import { resample } from '../../speech/resample.ts';
import { SPEECH_RATE_HZ } from '../../speech/speak.ts';
import { hearableFrom, type Hearable } from '../reply/grammar.ts';
import { TurnDetector, turnSettings, type TurnEvent } from './turn-detection.ts';
import type { TurnDetection } from '../protocol/turn-detection-settings.ts';
import type { Tool } from '../protocol/validate.ts';

/** One session's speech recognition, independent of the protocol. */
export class Ear {
  #hearing: Hearing;
  #tools: Tool[] = [];
  #formerTools: Tool[] = [];
  #hearable: Hearable | undefined;
  #detection: TurnDetection | null = null;
  #detector: TurnDetector | undefined;
  #uncommitted: Int16Array[] = [];

  constructor(hearing: Hearing) {
    this.#hearing = hearing;
  }

  /** Sentences that it recognizes now. */
  get sentences(): string[] {
    return this.#grammar().sentences;
  }

  /** Changes the tools. The grammar is built when first needed, so that it doesn't delay the acknowledgment. */
  setTools(tools: Tool[], formerTools: Tool[]): void {
    this.#tools = tools;
    this.#formerTools = formerTools;
    this.#hearable = undefined;
  }

  /** Sets the turn detection; null leaves turns to the client, which commits them. */
  setDetection(detection: TurnDetection | null): void {
    this.#detection = detection;
    this.clear();
  }

  /** Adds sound (mono, 24 kHz) and returns which turns started or ended in it. */
  push(pcm: Int16Array): TurnEvent[] {
    if (this.#detector) return this.#detector.push(pcm);
    this.#uncommitted.push(pcm);
    return [];
  }

  /** Takes the sound since the last commit, if the client detects turns. */
  takeUncommitted(): Int16Array {
    const pcm = new Int16Array(this.#uncommitted.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#uncommitted.splice(0)) {
      pcm.set(part, at);
      at += part.length;
    }
    return pcm;
  }

  /** Drops sound that is not yet a turn. */
  clear(): void {
    this.#uncommitted = [];
    this.#detector = this.#detection ? new TurnDetector(turnSettings(this.#detection)) : undefined;
  }

  /** Builds the grammar while the user speaks, so that it doesn't delay the response. */
  prepare(): void {
    this.#hearing.prepare(this.#grammar().grammar);
  }

  /** Recognizes the words in a turn (mono, 24 kHz); '' if there are none. */
  understand(pcm: Int16Array): string {
    return this.#hearing.hear(resample(pcm, SPEECH_RATE_HZ, HEARING_RATE_HZ), this.#grammar().grammar);
  }

  #grammar(): Hearable {
    this.#hearable ??= hearableFrom(this.#tools, this.#formerTools);
    return this.#hearable;
  }
}
