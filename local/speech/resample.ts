/**
 * Resamples mono PCM by linear interpolation. A short average first prevents aliasing when the rate falls. Good enough for
 * these two speech engines, not for music.
 * @param pcm mono samples at `fromHz`
 * @returns a new array at `toHz`, or the same array if the rates are equal
 */
export function resample(pcm: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz || pcm.length === 0) return pcm;
  const source = toHz < fromHz ? smooth(pcm) : pcm;
  const length = Math.floor((source.length * toHz) / fromHz);
  const out = new Int16Array(length);
  const step = fromHz / toHz;
  for (let i = 0; i < length; i++) {
    const position = i * step;
    const left = Math.floor(position);
    const part = position - left;
    const a = source[left] ?? 0;
    const b = source[left + 1] ?? a;
    out[i] = a + (b - a) * part;
  }
  return out;
}

/** A three-tap low-pass (1/6, 2/3, 1/6). */
function smooth(pcm: Int16Array): Int16Array {
  const out = new Int16Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) {
    const here = pcm[i] ?? 0;
    out[i] = ((pcm[i - 1] ?? here) + 4 * here + (pcm[i + 1] ?? here)) / 6;
  }
  return out;
}
