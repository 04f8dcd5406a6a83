import { describe, expect, it } from 'vitest';
import { cordPath } from './cord-path.ts';

const center = { x: 100, y: 100 };
const jack = { x: 300, y: 40 };

describe('cordPath', () => {
  it('goes from the rim of the socket to the jack', () => {
    expect(cordPath(center, 40, jack, 0, 1)).toBe('M140.0 100.0 C190.0 124.0 256.0 52.0 300.0 40.0');
  });

  it('starts every cord on the side of the bay, however many there are', () => {
    for (let index = 0; index < 100; index++) {
      const startX = Number(/^M([\d.]+)/.exec(cordPath(center, 40, jack, index, 100))?.[1]);
      expect(startX).toBeGreaterThan(center.x);
    }
  });
});
