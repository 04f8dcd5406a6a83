// Speech is detected by loudness alone: 20 ms frames, and a threshold that rises with background noise.
import type { TurnDetection } from '../protocol/turn-detection-settings.ts';

export type TurnEvent =
  | { type: 'started'; audioStartMs: number }
  | { type: 'stopped'; audioEndMs: number; pcm: Int16Array; loudMs: number };

interface TurnSettings {
  /** RMS of 16-bit samples above which a frame counts as speech. */
  loudRms: number;
  paddingMs: number;
  silenceMs: number;
}

const SAMPLES_PER_MS = 24;
const FRAME_MS = 20;
const FRAME_SAMPLES = FRAME_MS * SAMPLES_PER_MS;
/** The shortest sound that counts as a voice rather than a click. */
const START_MS = 60;
/** So that steady noise can't hold a turn open. */
const LONGEST_TURN_MS = 30_000;

/**
 * Converts the protocol's settings to this detector's. A `threshold` of 0.5 is an RMS of 300 (-41 dBFS); `semantic_vad` is
 * simulated by a pause that depends on `eagerness`.
 */
export function turnSettings(detection: TurnDetection): TurnSettings {
  if (detection.type === 'semantic_vad') {
    const silenceMs = { low: 1000, medium: 500, auto: 500, high: 300 }[detection.eagerness ?? 'auto'];
    return { loudRms: 300, paddingMs: 300, silenceMs };
  }
  return {
    loudRms: 600 * (detection.threshold ?? 0.5),
    paddingMs: detection.prefix_padding_ms ?? 300,
    silenceMs: detection.silence_duration_ms ?? 500,
  };
}

/** Detects turns in mono 24 kHz sound. Time comes from the samples, not from a clock. */
export class TurnDetector {
  #settings: TurnSettings;
  #rest = new Int16Array(0);
  #frames: Int16Array[] = [];
  #heardMs = 0;
  #loudMs = 0;
  #quietMs = 0;
  #turnMs = 0;
  #noiseRms = 0;
  #speaking = false;

  constructor(settings: TurnSettings) {
    this.#settings = settings;
  }

  /** Adds any number of samples and returns what started or ended in them. */
  push(pcm: Int16Array): TurnEvent[] {
    const joined = new Int16Array(this.#rest.length + pcm.length);
    joined.set(this.#rest);
    joined.set(pcm, this.#rest.length);
    const events: TurnEvent[] = [];
    let at = 0;
    for (; at + FRAME_SAMPLES <= joined.length; at += FRAME_SAMPLES) {
      const event = this.#frame(joined.subarray(at, at + FRAME_SAMPLES));
      if (event) events.push(event);
    }
    this.#rest = joined.slice(at);
    return events;
  }

  #frame(frame: Int16Array): TurnEvent | undefined {
    this.#heardMs += FRAME_MS;
    this.#frames.push(frame);
    const rms = loudness(frame);
    const isLoud = rms > Math.max(this.#settings.loudRms, 3 * this.#noiseRms);
    return this.#speaking ? this.#whileSpeaking(isLoud) : this.#whileQuiet(isLoud, rms);
  }

  #whileQuiet(isLoud: boolean, rms: number): TurnEvent | undefined {
    // The noise level falls at once and rises slowly, so that the first syllable doesn't raise it.
    this.#noiseRms = rms < this.#noiseRms ? rms : this.#noiseRms + 0.01 * (rms - this.#noiseRms);
    this.#loudMs = isLoud ? this.#loudMs + FRAME_MS : Math.max(0, this.#loudMs - FRAME_MS / 4);
    const padding = Math.max(1, (this.#settings.paddingMs + START_MS) / FRAME_MS);
    if (this.#frames.length > padding) this.#frames.splice(0, this.#frames.length - padding);
    if (this.#loudMs < START_MS) return undefined;
    this.#speaking = true;
    this.#quietMs = 0;
    this.#turnMs = this.#frames.length * FRAME_MS;
    return { type: 'started', audioStartMs: this.#heardMs - this.#turnMs };
  }

  #whileSpeaking(isLoud: boolean): TurnEvent | undefined {
    this.#turnMs += FRAME_MS;
    this.#quietMs = isLoud ? 0 : this.#quietMs + FRAME_MS;
    if (isLoud) this.#loudMs += FRAME_MS;
    if (this.#quietMs < this.#settings.silenceMs && this.#turnMs < LONGEST_TURN_MS) return undefined;
    const pcm = join(this.#frames);
    const loudMs = this.#loudMs;
    this.#speaking = false;
    this.#frames = [];
    this.#loudMs = 0;
    return { type: 'stopped', audioEndMs: this.#heardMs, pcm, loudMs };
  }
}

function loudness(frame: Int16Array): number {
  let energy = 0;
  for (const sample of frame) energy += sample * sample;
  return Math.sqrt(energy / frame.length);
}

function join(frames: Int16Array[]): Int16Array {
  const pcm = new Int16Array(frames.length * FRAME_SAMPLES);
  frames.forEach((frame, n) => pcm.set(frame, n * FRAME_SAMPLES));
  return pcm;
}
