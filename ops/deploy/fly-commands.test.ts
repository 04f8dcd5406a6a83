import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EnvironmentError, readEnvironment } from '../../agent-worker/src/environment.ts';
import { readMonitorEnvironment } from '../../agent-worker/src/monitor/environment.ts';
import { readFly } from './fly.ts';
import { planDeployment } from './supabase-steps.ts';

const guide = readFileSync(join(import.meta.dirname, '../../docs/deploy.md'), 'utf8');
const groups = Object.keys(readFly().processes);

function commandsUnder(heading: string): string[] {
  const [, block = ''] = /```sh\n(.*?)```/s.exec(guide.split(`\n${heading}\n`)[1] ?? '') ?? [];
  const lines = block.split('\n').map((line) => line.replace(/ # .*$/, '').trim());
  return lines.filter((line) => line !== '');
}

interface Machines {
  running: number;
  /** Stopped; Fly starts it only when its machine's host is lost. */
  standby: number;
}

// flyctl (internal/command/deploy and scale): a group without services gets a machine and a standby unless `--ha=false`,
// and scaling counts standbys like other machines.
function machinesAfter(commands: readonly string[]): Record<string, Machines> {
  const machines: Record<string, Machines> = {};
  for (const command of commands) {
    if (/^fly deploy\b/.test(command)) {
      const standby = command.includes('--ha=false') ? 0 : 1;
      for (const group of groups) machines[group] ??= { running: 1, standby };
    }
    if (!command.startsWith('fly scale count ')) continue;
    if (Object.keys(machines).length === 0) throw new Error('this app has no complete releases');
    for (const [, group = '', count] of command.matchAll(/(\w+)=(\d+)/g)) {
      const had = machines[group];
      if (had === undefined) throw new Error(`unknown process group ${group}`);
      // Fly may remove any machine: the worst case is a running one.
      had.running = Math.max(0, Number(count) - had.standby);
    }
  }
  return machines;
}

describe('the commands of the guide for Fly', () => {
  const commands = commandsUnder('## 4. Fly: worker and monitor');

  it('leave two workers and one monitor running, and no standby', () => {
    expect(machinesAfter(commands)).toEqual({
      worker: { running: 2, standby: 0 },
      monitor: { running: 1, standby: 0 },
    });
  });

  it('would leave one worker running without --ha=false, and might end the monitor', () => {
    const careless = commands.map((command) => command.replace(' --ha=false', ''));
    expect(machinesAfter(careless)).toMatchObject({ worker: { running: 1 }, monitor: { running: 0 } });
  });

  it('make the app first, then its secrets, then its machines', () => {
    const order = ['fly apps create', 'fly secrets import --stage', 'fly deploy', 'fly scale count'];
    const places = order.map((part) => commands.findIndex((command) => command.includes(part)));
    expect(places).toEqual([0, 1, 2, 3]);
  });

  const pattern = /grep -E '([^']+)' \.env/.exec(commands.join('\n'))?.[1] ?? '';
  const isGiven = (name: string): boolean => new RegExp(pattern).test(`${name}=x`);

  it('give the app the settings that deploy:supabase gives the functions and its processes read, too', () => {
    const env = { PATCHBAY_AGENT_NAME: 'other', PATCHBAY_ADDRESS_POLICY: 'public,tools.internal' };
    const plan = planDeployment({
      SUPABASE_URL: 'https://abcdefghijklmnopqrst.supabase.co',
      LIVEKIT_URL: 'wss://x',
      LIVEKIT_API_KEY: 'x',
      LIVEKIT_API_SECRET: 'x',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://x',
      PATCHBAY_SECRETS_KEYS: 'x',
      ...env,
    });
    if (!plan.ok) throw new Error(plan.problems.join());
    const given = plan.steps.flatMap(({ secrets }) => Object.keys(secrets ?? {}));
    expect(given).toEqual(expect.arrayContaining(Object.keys(env)));
    expect(given.filter((name) => !isGiven(name))).toEqual([]);
  });

  it('give the app every variable that its processes require, and no key of other parts', () => {
    const required = [readEnvironment, readMonitorEnvironment].flatMap((read) => {
      try {
        read({});
        return [];
      } catch (error) {
        if (!(error instanceof EnvironmentError)) throw error;
        return error.message.match(/[A-Z][A-Z_]{2,}/g) ?? [];
      }
    });
    expect(required).toContain('OPENAI_API_KEY');
    expect(required.filter((name) => !isGiven(name))).toEqual([]);
    for (const name of ['PATCHBAY_SIGNING_KEY', 'SUPABASE_ACCESS_TOKEN', 'SUPABASE_DB_PASSWORD'])
      expect(isGiven(name), name).toBe(false);
  });

  it('never deploy in a way that adds standbys, wherever the docs say it', () => {
    const deploys = guide.match(/\bfly deploy[^`\n]*/g) ?? [];
    expect(deploys.length).toBeGreaterThan(1);
    for (const command of deploys) expect(command).toContain('--ha=false');
  });
});
