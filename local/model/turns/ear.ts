// What a session hears: turns in the stream of sound, and the words in each, by the grammar of its tools.
import { HEARING_RATE_HZ, type Hearing } from '../../speech/hear.ts';
import { resample } from '../../speech/resample.ts';
import { SPEECH_RATE_HZ } from '../../speech/speak.ts';
import { hearableFrom, type Hearable } from '../reply/grammar.ts';
import { TurnDetector, turnSettings, type TurnEvent } from './turn-detection.ts';
import type { Tool, TurnDetection } from '../protocol/validate.ts';

/** The ear of one session. It knows no protocol. */
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

  /** Sentences that can be heard now. */
  get sentences(): string[] {
    return this.#grammar().sentences;
  }

  /** Listens for other tools from now on. The grammar is made when it is first needed: an acknowledgement cannot wait. */
  setTools(tools: Tool[], formerTools: Tool[]): void {
    this.#tools = tools;
    this.#formerTools = formerTools;
    this.#hearable = undefined;
  }

  /** How turns are found; null leaves them to the client, who commits. */
  setDetection(detection: TurnDetection | null): void {
    this.#detection = detection;
    this.clear();
  }

  /** Takes the next sound (mono, 24 kHz) and tells which turns began or ended in it. */
  push(pcm: Int16Array): TurnEvent[] {
    if (this.#detector) return this.#detector.push(pcm);
    this.#uncommitted.push(pcm);
    return [];
  }

  /** The sound since the last commit, when the client finds the turns. */
  takeUncommitted(): Int16Array {
    const pcm = new Int16Array(this.#uncommitted.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#uncommitted.splice(0)) {
      pcm.set(part, at);
      at += part.length;
    }
    return pcm;
  }

  /** Forgets the sound that is not yet a turn. */
  clear(): void {
    this.#uncommitted = [];
    this.#detector = this.#detection ? new TurnDetector(turnSettings(this.#detection)) : undefined;
  }

  /** Makes the grammar ready while somebody speaks, so that the answer need not wait for it. */
  prepare(): void {
    this.#hearing.prepare(this.#grammar().grammar);
  }

  /** The words in a turn (mono, 24 kHz); '' when there are none that it knows. */
  understand(pcm: Int16Array): string {
    return this.#hearing.hear(resample(pcm, SPEECH_RATE_HZ, HEARING_RATE_HZ), this.#grammar().grammar);
  }

  #grammar(): Hearable {
    this.#hearable ??= hearableFrom(this.#tools, this.#formerTools);
    return this.#hearable;
  }
}
