import { describe, expect, it } from 'vitest';
import { TurnDetector, turnSettings } from './turn-detection.ts';

const RATE = 24;
function tone(ms: number, rms: number): Int16Array {
  return Int16Array.from({ length: ms * RATE }, (_, n) => rms * Math.SQRT2 * Math.sin(n / 9));
}

function detector(detection: Parameters<typeof turnSettings>[0] = { type: 'server_vad' }) {
  return new TurnDetector(turnSettings(detection));
}

function feed(found: TurnDetector, ...sounds: Int16Array[]) {
  return sounds.flatMap((sound) => found.push(sound));
}

describe('turn detection', () => {
  it('detects a turn, with the sound before it and the pause after it', () => {
    const events = feed(detector(), tone(1000, 5), tone(800, 2000), tone(700, 5));
    expect(events).toMatchObject([
      { type: 'started', audioStartMs: 700 },
      { type: 'stopped', audioEndMs: 2300 },
    ]);
    const [, stopped] = events;
    if (stopped?.type !== 'stopped') throw new Error('no end');
    expect(stopped.pcm.length).toBe((300 + 800 + 500) * RATE);
    expect(stopped.loudMs).toBe(800);
  });

  it('detects the same turns however the sound is split', () => {
    const whole = new Int16Array([...tone(500, 5), ...tone(600, 2000), ...tone(700, 5)]);
    const cut = detector();
    const events = [];
    for (let at = 0; at < whole.length; at += 777) events.push(...cut.push(whole.subarray(at, at + 777)));
    expect(events).toEqual(detector().push(whole));
  });

  it('continues a turn over a short pause, and splits it at a long one', () => {
    const said = tone(400, 2000);
    expect(feed(detector(), said, tone(300, 5), said, tone(600, 5))).toHaveLength(2);
    expect(feed(detector(), said, tone(600, 5), said, tone(600, 5))).toHaveLength(4);
  });

  it('ignores clicks and low sound', () => {
    expect(feed(detector(), tone(40, 8000), tone(500, 5), tone(40, 8000), tone(1000, 200))).toEqual([]);
  });

  it('uses the given threshold and pause', () => {
    const quick = detector({ type: 'server_vad', threshold: 0.1, silence_duration_ms: 200 });
    expect(feed(quick, tone(400, 150), tone(250, 5))).toHaveLength(2);
    expect(
      feed(detector({ type: 'semantic_vad', eagerness: 'low' }), tone(400, 2000), tone(900, 5)),
    ).toHaveLength(1);
  });

  it('adapts to background noise', () => {
    const noisy = detector({ type: 'server_vad', threshold: 0.5 });
    expect(feed(noisy, tone(5000, 280), tone(500, 400))).toEqual([]);
    expect(feed(noisy, tone(500, 3000), tone(600, 280))).toMatchObject([
      { type: 'started' },
      { type: 'stopped' },
    ]);
  });

  it('ends a turn without a pause', () => {
    const events = feed(detector(), tone(31_000, 3000));
    expect(events).toMatchObject([{ type: 'started' }, { type: 'stopped' }, { type: 'started' }]);
  });
});
