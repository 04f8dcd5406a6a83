import type { LocalAudioTrack } from 'livekit-client';
import { microphoneProblem, type Problem } from './problems.ts';
import { SoundMeter } from './sound.svelte.ts';

/** The user's microphone in a conversation. `off`: they chose to type only. */
export class Microphone {
  state = $state<'off' | 'on' | 'muted' | 'failed'>('off');
  problem = $state<Problem | null>(null);
  readonly meter = new SoundMeter();
  #track: LocalAudioTrack | undefined;

  /** Present while the microphone is open, muted or not. */
  get track(): LocalAudioTrack | undefined {
    return this.#track;
  }

  /** Asks the browser for it. Undefined when there is none; why is in `problem`. */
  async open(): Promise<LocalAudioTrack | undefined> {
    this.problem = null;
    try {
      if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');
      const { createLocalAudioTrack } = await import('livekit-client');
      this.#track = await createLocalAudioTrack();
      this.state = 'on';
      await this.meter.listen(this.#track);
      return this.#track;
    } catch (problem) {
      this.state = 'failed';
      this.problem = microphoneProblem(problem instanceof Error ? problem.name : '', window.isSecureContext);
      return undefined;
    }
  }

  async toggle(): Promise<void> {
    if (!this.#track) return;
    if (this.state === 'on') {
      await this.#track.mute();
      this.state = 'muted';
    } else {
      await this.#track.unmute();
      // Unmuting may bring a new device track.
      await this.meter.listen(this.#track);
      this.state = 'on';
    }
  }

  close(): void {
    this.meter.stop();
    this.#track?.stop();
    this.#track = undefined;
    this.state = 'off';
  }
}
