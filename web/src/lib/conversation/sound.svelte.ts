import type { LocalAudioTrack, RemoteAudioTrack } from 'livekit-client';

const BANDS = 8;
const SAMPLE_MS = 60;

/** Loudness of a track, overall and by frequency band. */
export class SoundMeter {
  level = $state(0);
  bands = $state.raw<number[]>(Array.from({ length: BANDS }, () => 0));
  #stop: (() => void) | undefined;

  async listen(track: LocalAudioTrack | RemoteAudioTrack): Promise<void> {
    this.stop();
    const { createAudioAnalyser } = await import('livekit-client');
    const { analyser, cleanup } = createAudioAnalyser(track, {
      fftSize: 256,
      minDecibels: -80,
      maxDecibels: -20,
    });
    const bins = new Uint8Array(analyser.frequencyBinCount);
    const timer = setInterval(() => {
      analyser.getByteFrequencyData(bins);
      // Speech is in the lower half of the spectrum.
      const width = Math.floor(bins.length / 2 / BANDS);
      this.bands = Array.from({ length: BANDS }, (_, band) => {
        const part = bins.subarray(band * width, (band + 1) * width);
        return part.reduce((sum, value) => sum + value, 0) / (width * 255);
      });
      this.level = Math.max(...this.bands);
    }, SAMPLE_MS);
    this.#stop = () => {
      clearInterval(timer);
      void cleanup();
      this.level = 0;
      this.bands = this.bands.map(() => 0);
    };
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
