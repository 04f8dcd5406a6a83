import { describe, expect, it } from 'vitest';
import { decide, NOTHING_KNOWN, type Decision, type Finding, type History, type Incident } from './decide.ts';
import { PROBE_SCHEDULE } from './probe-schedule.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;
const DAY = 86_400_000;

const well: Finding = { kind: 'well', certificateExpiresAtMs: null };
const refused: Finding = { kind: 'failed', code: 'connection_refused', status: 'error' };
const unauthorized: Finding = { kind: 'failed', code: 'unauthorized', status: 'needs_auth' };

const healthy: History = {
  status: 'connected',
  hasConnected: true,
  isWatched: false,
  memory: { ...NOTHING_KNOWN, successes: 1 },
  incident: null,
};
const incident = (more: Partial<Incident> = {}): Incident => ({
  startedAtMs: NOW - 2 * MINUTE,
  endedAtMs: null,
  inSeries: 1,
  announced: [],
  ...more,
});
const down: History = {
  ...healthy,
  status: 'error',
  memory: { ...NOTHING_KNOWN, failures: 2 },
  incident: incident({ announced: ['down'] }),
};

function after(finding: Finding, history: History = healthy, random = 0.5): Decision {
  return decide(finding, history, { now: NOW, random, schedule: PROBE_SCHEDULE });
}

/** Many findings after each other, as the database would carry them out; the last decision. */
function sequence(findings: Finding[], history: History = healthy): Decision {
  let known = history;
  let decision = after(well, known);
  for (const finding of findings) {
    decision = after(finding, known);
    known = { ...known, memory: decision.memory, status: decision.status ?? known.status };
  }
  return decision;
}

describe('the next probe', () => {
  it('a healthy server: after a minute, then less and less often, up to five minutes', () => {
    const waits = [1, 2, 3, 6, 20].map((count) => sequence(Array<Finding>(count).fill(well)).nextMs);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits[0]).toBeLessThanOrEqual(1.25 * MINUTE);
    expect(waits.at(-1)).toBeLessThanOrEqual(5 * MINUTE);
    expect(waits.at(-1)).toBeGreaterThan(4 * MINUTE);
  });

  it('of a healthy, watched server is a minute later, however long it has been healthy', () => {
    const watched = { ...healthy, isWatched: true };
    for (const random of [0, 0.5, 0.99]) {
      const { nextMs } = after(well, { ...watched, memory: { ...NOTHING_KNOWN, successes: 50 } }, random);
      expect(nextMs).toBeGreaterThan(0.85 * MINUTE);
      expect(nextMs).toBeLessThanOrEqual(MINUTE);
    }
  });

  it('after a first failure: within seconds', () => {
    expect(after(refused, healthy, 0.99).nextMs).toBeLessThanOrEqual(PROBE_SCHEDULE.confirmMs);
  });

  it('of an offline server comes after growing waits with full jitter, within 20 s while watched', () => {
    const waits = (isWatched: boolean, random: number) =>
      [2, 3, 5, 9, 40].map(
        (failures) =>
          after(refused, { ...down, isWatched, memory: { ...NOTHING_KNOWN, failures } }, random).nextMs,
      );
    expect(Math.max(...waits(true, 0.999))).toBeLessThanOrEqual(20_000);
    expect(Math.max(...waits(false, 0.999))).toBeLessThanOrEqual(5 * MINUTE);
    expect(Math.max(...waits(false, 0.999))).toBeGreaterThan(4 * MINUTE);
    for (const wait of waits(false, 0)) expect(wait).toBe(1_000);
  });

  it('comes rarely for what only a user can fix, and later for a server that limits requests', () => {
    expect(after(unauthorized).nextMs).toBeGreaterThan(4 * MINUTE);
    expect(after(unauthorized, { ...healthy, isWatched: true }).nextMs).toBeLessThanOrEqual(MINUTE);
    const limited: Finding = { kind: 'failed', code: 'rate_limited', status: 'error' };
    expect(after(limited, { ...healthy, isWatched: true }).nextMs).toBeGreaterThanOrEqual(MINUTE);
  });

  it('always later, never at once, whatever the chance', () => {
    for (const finding of [well, refused, unauthorized, { kind: 'ours' } as const])
      for (const history of [healthy, down])
        expect(after(finding, history, 0).nextMs).toBeGreaterThanOrEqual(1_000);
  });
});

describe('what is shown', () => {
  it('one failure does not call a server down, two do', () => {
    expect(after(refused).status).toBeNull();
    expect(sequence([refused, refused]).status).toBe('error');
    expect(sequence([refused, well, refused]).status).toBeNull();
  });

  it('a rejected credential is announced at once, as its own kind', () => {
    expect(after(unauthorized).status).toBe('needs_auth');
  });

  it('a server that was never seen is shown as it is found', () => {
    expect(after(refused, { ...healthy, status: 'disconnected' }).status).toBe('error');
    expect(after(well, { ...healthy, status: 'disconnected' }).status).toBe('connected');
  });

  it('a server that is back is shown at once', () => {
    expect(after(well, down)).toMatchObject({ status: 'connected', memory: { failures: 0, successes: 1 } });
  });

  it('one that comes and goes takes more to be believed, both ways', () => {
    const restless = { ...down, incident: incident({ inSeries: 3, announced: ['down'] }) };
    expect(after(well, restless).status).toBeNull();
    expect(sequence([well, well], restless).status).toBe('connected');
    const up = { ...restless, status: 'connected' as const, memory: NOTHING_KNOWN };
    const calm = { ...up, incident: incident({ inSeries: 3, endedAtMs: NOW - MINUTE }) };
    expect(sequence([refused, refused], calm).status).toBeNull();
    expect(sequence([refused, refused, refused], calm).status).toBe('error');
  });

  it('a failure of our own changes nothing', () => {
    expect(after({ kind: 'ours' }, down)).toMatchObject({ status: null, memory: down.memory, notice: null });
  });
});

describe('notices', () => {
  const kind = (decision: Decision) => decision.notice?.kind ?? null;

  it('that a server went down: once confirmed, once for an incident', () => {
    expect(kind(after(refused))).toBeNull();
    expect(kind(sequence([refused, refused]))).toBe('down');
    expect(kind(after(refused, down))).toBeNull();
    expect(kind(after(unauthorized))).toBe('needs_auth');
  });

  it('announce what a conversation saw, after one probe', () => {
    const seen = { ...healthy, status: 'error' as const, incident: incident() };
    expect(kind(after(refused, seen))).toBe('down');
    expect(kind(after(well, { ...seen, incident: incident({ announced: [] }) }))).toBeNull();
  });

  it('nothing about a server that never worked', () => {
    const fresh: History = { ...healthy, status: 'disconnected', hasConnected: false, memory: NOTHING_KNOWN };
    expect(kind(sequence([refused, refused, refused], fresh))).toBeNull();
  });

  it('announce that a server is back if it was announced as down', () => {
    expect(kind(after(well, down))).toBe('back');
    expect(kind(after(well, { ...down, incident: incident() }))).toBeNull();
  });

  it('of one that comes and goes: that, and then nothing until it stays', () => {
    const again = { ...down, incident: incident({ inSeries: 2, announced: ['down', 'back'] }) };
    expect(kind(after(refused, again))).toBe('unstable');
    const announced = ['down', 'back', 'unstable'];
    expect(kind(after(refused, { ...down, incident: incident({ inSeries: 4, announced }) }))).toBeNull();
    const calm = (ms: number): History => ({
      ...healthy,
      incident: incident({ inSeries: 4, announced, endedAtMs: NOW - ms }),
    });
    expect(kind(after(well, calm(MINUTE)))).toBeNull();
    expect(kind(after(well, calm(5 * MINUTE)))).toBe('back');
  });

  it('an incident long after the last is a new one', () => {
    const old = {
      ...healthy,
      incident: incident({ endedAtMs: NOW - 16 * MINUTE, announced: ['down', 'back'] }),
    };
    expect(kind(sequence([refused, refused], old))).toBe('down');
  });

  it('of a certificate that ends soon: two weeks before and three days before, once each', () => {
    const ending = (days: number): Finding => ({ kind: 'well', certificateExpiresAtMs: NOW + days * DAY });
    expect(kind(after(ending(15)))).toBeNull();
    const first = after(ending(13.5));
    expect(first.notice).toMatchObject({ kind: 'certificate', details: { days: 13 } });
    expect(kind(after(ending(13.4), { ...healthy, memory: first.memory }))).toBe('certificate');
    expect(kind(after(ending(13.5), { ...healthy, memory: first.memory }))).toBeNull();
    expect(first.status).toBe('connected');
    const last = after(ending(2), { ...healthy, memory: first.memory });
    expect(last.notice).toMatchObject({ kind: 'certificate', details: { days: 2 } });
  });
});
