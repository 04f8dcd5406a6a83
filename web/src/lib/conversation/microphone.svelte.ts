import type { LocalAudioTrack } from 'livekit-client';
import type { Problem } from './problems.ts';
import { SoundMeter } from './sound.svelte.ts';

/**
 * The user's microphone in a conversation. `off`: they chose to type only. `asking`: the browser has not given it yet,
 * usually because it waits for the user to allow it.
 */
export class Microphone {
  state = $state<'off' | 'asking' | 'on' | 'muted' | 'failed'>('off');
  problem = $state<Problem | null>(null);
  readonly meter = new SoundMeter();
  #track: LocalAudioTrack | undefined;
  /** Raised by whatever makes an answer of the browser come too late. */
  #attempt = 0;

  /** Present while the microphone is open, muted or not. */
  get track(): LocalAudioTrack | undefined {
    return this.#track;
  }

  /**
   * Asks the browser for it, which may take as long as the user needs to decide. Undefined when there is none (why is
   * in `problem`), or when it was closed meanwhile.
   * @param deviceId the one that the user wants; another is taken where it is not there
   */
  async open(deviceId: string): Promise<LocalAudioTrack | undefined> {
    const attempt = ++this.#attempt;
    this.problem = null;
    this.state = 'asking';
    try {
      if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');
      const { createLocalAudioTrack, TrackEvent } = await import('livekit-client');
      const track = await createLocalAudioTrack({ deviceId });
      if (attempt !== this.#attempt) {
        track.stop();
        return undefined;
      }
      // Pulled out in mid-sentence; LiveKit has found no other one.
      track.on(TrackEvent.Ended, () => {
        if (this.#track === track) void this.#fail(new DOMException('', 'NotFoundError'));
      });
      this.#track = track;
      this.state = 'on';
      await this.meter.listen(track);
      return track;
    } catch (problem) {
      if (attempt === this.#attempt) await this.#fail(problem);
      return undefined;
    }
  }

  /** Goes on with another device; muted stays muted. */
  async change(deviceId: string): Promise<void> {
    if (!this.#track) return;
    try {
      await this.#track.setDeviceId(deviceId);
      await this.meter.listen(this.#track);
      this.problem = null;
    } catch (problem) {
      await this.#explain(problem);
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
    this.#attempt += 1;
    this.meter.stop();
    this.#track?.stop();
    this.#track = undefined;
    this.state = 'off';
  }

  async #fail(error: unknown): Promise<void> {
    this.meter.stop();
    this.state = 'failed';
    await this.#explain(error);
  }

  /** The words come late: hardly anybody needs them, and this is part of every page. */
  async #explain(error: unknown): Promise<void> {
    const attempt = this.#attempt;
    const { microphoneProblem } = await import('./microphone-problems.ts');
    if (attempt !== this.#attempt) return;
    this.problem = microphoneProblem(error instanceof Error ? error.name : '', window.isSecureContext);
  }
}
