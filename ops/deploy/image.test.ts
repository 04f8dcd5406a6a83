import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROGRAMS } from '../../agent-worker/bundle.ts';
import { capacityOf } from '../../agent-worker/src/capacity.ts';
import { readEnvironment } from '../../agent-worker/src/environment.ts';
import { ignoredBy, parseCopy, parseDockerfile, parseEnv } from './dockerfile.ts';
import { machineFor, readFly, sustainedCores } from './fly.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('a Dockerfile', () => {
  it('is stages of instructions, each on one line', () => {
    const stages = parseDockerfile(
      '# why\nFROM node:24 AS packages\nRUN a \\\n  && b\n\nFROM node:24\nCOPY --from=packages /x y\n',
    );
    expect(stages).toEqual([
      { name: 'packages', base: 'node:24', instructions: [{ word: 'RUN', text: 'a && b' }] },
      { name: '', base: 'node:24', instructions: [{ word: 'COPY', text: '--from=packages /x y' }] },
    ]);
    expect(parseCopy('--from=packages /x y')).toEqual({ from: 'packages', sources: ['/x'], target: 'y' });
    expect(parseEnv('A=b')).toEqual(['A', 'b']);
    expect(parseEnv('A="--b=1 --c"')).toEqual(['A', '--b=1 --c']);
    expect(parseCopy('a b c/')).toEqual({ from: '', sources: ['a', 'b'], target: 'c/' });
  });

  it('leaves out what .dockerignore names', () => {
    const isIgnored = ignoredBy('**/node_modules\n**/*.test.ts\nweb/build\n');
    expect(
      ['node_modules/x', 'web/node_modules', 'a/b.test.ts', 'web/build/c'].filter(isIgnored),
    ).toHaveLength(4);
    expect(['a/b.ts', 'web/builds', 'a/web/build'].filter(isIgnored)).toEqual([]);
  });
});

describe('fly.toml', () => {
  const fly = readFly();
  const names = [
    'SUPABASE_URL',
    'SUPABASE_SECRET_KEY',
    'LIVEKIT_URL',
    'LIVEKIT_API_KEY',
    'LIVEKIT_API_SECRET',
  ];
  const needed = [...names, 'OPENAI_API_KEY', 'PATCHBAY_SECRETS_KEYS'];
  const environment = readEnvironment({
    ...Object.fromEntries(needed.map((name) => [name, 'x'])),
    ...fly.env,
  });

  it('gives a worker longer to stop than it drains, and a deploy longer than that', () => {
    expect(fly.kill_signal).toBe('SIGTERM');
    expect(fly.kill_timeout * 1000).toBeGreaterThan(environment.PATCHBAY_DRAIN_TIMEOUT_MS);
    expect(fly.deploy.wait_timeout).toBeGreaterThan(fly.kill_timeout);
  });

  it('never takes the last worker away', () => {
    expect(fly.deploy).toMatchObject({ strategy: 'rolling', max_unavailable: 1 });
  });

  it('runs workers where several conversations fit, on neither more memory nor more CPU than they use', () => {
    const machine = machineFor(fly, 'worker');
    const capacity = capacityOf(machine);
    expect(capacity).toBeGreaterThan(3);
    // With more of only one of the two, the other would still be the limit.
    expect(capacityOf({ ...machine, totalBytes: 2 * machine.totalBytes })).toBe(capacity);
    expect(capacityOf({ ...machine, cores: 2 * machine.cores })).toBeLessThan(1.5 * capacity);
    expect(capacityOf({ ...machine, cores: sustainedCores('shared-cpu-2x') })).toBe(1);
  });

  it('asks each process where it listens', () => {
    const checks = Object.values(fly.checks).map(({ processes, port }) => [processes, port]);
    expect(checks).toEqual([
      [['worker'], environment.PATCHBAY_WORKER_PORT],
      [['monitor'], Number(fly.env['PATCHBAY_MONITOR_PORT'])],
    ]);
  });

  it('starts programs that the image holds, which is made by the Dockerfile of the repository', () => {
    const programs = Object.keys(PROGRAMS).map((name) => `node ${name}.js`);
    for (const command of Object.values(fly.processes)) expect(programs).toContain(command);
    const stages = parseDockerfile(readFileSync(join(ROOT, fly.build.dockerfile), 'utf8'));
    for (const { base } of stages) expect(base).toMatch(/-slim$/);
    expect(stages.at(-1)?.instructions).toContainEqual({ word: 'USER', text: 'node' });
  });
});
