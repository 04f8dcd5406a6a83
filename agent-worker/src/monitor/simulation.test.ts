import { describe, expect, it } from 'vitest';
import { simulate } from './testing/simulation.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** All of it at once, 10,000 servers for 7 days, takes a minute: `npm run bench -- health`. */
describe('monitors that come and go, with servers that fail in every way', () => {
  it.each([
    { servers: 10_000, seconds: HOUR, monitors: 5, seed: 1 },
    { servers: 40, seconds: 7 * DAY, monitors: 5, seed: 2 },
    { servers: 200, seconds: DAY / 2, monitors: 2, seed: 3 },
  ])(
    '$servers servers, $seconds s, $monitors monitors, seed $seed: every promise is kept',
    { timeout: 120_000 },
    (options) => {
      const { probes, incidents, crashes, notices } = simulate(options);
      expect(probes).toBeGreaterThan((options.servers * options.seconds) / 400);
      for (const count of [incidents, crashes, notices]) expect(count).toBeGreaterThan(0);
    },
  );

  it(
    'one owner has 400 servers that hang: those of the others find a slot at any time',
    { timeout: 120_000 },
    () => {
      const options = { servers: 800, seconds: HOUR, monitors: 2, seed: 4, isFirstOwnerHanging: true };
      const { secondsCrowded, slowestDownWatched, slowestBackWatched } = simulate(options);
      expect(secondsCrowded).toBe(0);
      for (const seconds of [slowestDownWatched, slowestBackWatched]) expect(seconds).toBeGreaterThan(0);
    },
  );
});
