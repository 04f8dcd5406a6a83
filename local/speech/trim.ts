const FRAME_MS = 10;
const KEPT_MS = 50;
/** Silence is quieter than this share of the loudest frame: -34 dB. */
const SILENT_SHARE = 0.02;

/**
 * Removes silence at both ends except 50 ms, because the recognizer takes low noise around words for sounds.
 * @param pcm mono samples; returned unchanged if all silent
 */
export function trimSilence(pcm: Int16Array, rateHz: number): Int16Array {
  const frame = Math.max(1, Math.round((rateHz * FRAME_MS) / 1000));
  const energies = Array.from({ length: Math.ceil(pcm.length / frame) }, (_, n) => {
    let energy = 0;
    for (const sample of pcm.subarray(n * frame, (n + 1) * frame)) energy += sample * sample;
    return energy;
  });
  const limit = Math.max(0, ...energies) * SILENT_SHARE ** 2;
  const first = energies.findIndex((energy) => energy > limit);
  const last = energies.findLastIndex((energy) => energy > limit);
  if (first < 0) return pcm;
  const kept = KEPT_MS / FRAME_MS;
  return pcm.subarray(Math.max(0, first - kept) * frame, (last + 1 + kept) * frame);
}
