import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeStep, planDeployment, variablesFile } from './supabase-steps.ts';

const REF = 'abcdefghijklmnopqrst';
const env = {
  SUPABASE_URL: `https://${REF}.supabase.co`,
  SUPABASE_SECRET_KEY: 'secret-canary-0',
  LIVEKIT_URL: 'wss://secret-canary-1.livekit.cloud',
  LIVEKIT_API_KEY: 'secret-canary-2',
  LIVEKIT_API_SECRET: 'secret-canary-3',
  PATCHBAY_SECRETS_KEYS: 'one:secret-canary-4+/=',
  PATCHBAY_AGENT_NAME: '',
};

describe('the steps of deploy:supabase', () => {
  it('link, push, set secrets and deploy functions, in this order', () => {
    const plan = planDeployment(env);
    if (!plan.ok) throw new Error(plan.problems.join());
    expect(plan.ref).toBe(REF);
    expect(plan.steps.map(({ args }) => args.slice(0, 2).join(' '))).toEqual([
      `link ${REF}`,
      'db push',
      'db push',
      'secrets set',
      'functions deploy',
    ]);
  });

  it('give the functions what they need and no more, and show none of it', () => {
    const plan = planDeployment(env);
    if (!plan.ok) throw new Error(plan.problems.join());
    const given = plan.steps.flatMap(({ secrets }) => Object.keys(secrets ?? {}));
    expect(given).toEqual(['LIVEKIT_URL', 'LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET', 'PATCHBAY_SECRETS_KEYS']);
    for (const step of plan.steps) {
      expect(step.args.join(' ')).not.toContain('canary');
      expect(describeStep(step)).not.toContain('canary');
    }
  });

  it('apply the settings of Auth after showing how they differ, where the address of the page is known', () => {
    const known = planDeployment({ ...env, PATCHBAY_WEB_URL: 'https://patchbay.example' });
    if (!known.ok) throw new Error(known.problems.join());
    expect(known.steps.map(({ args }) => args.slice(0, 2).join(' ')).slice(-2)).toEqual([
      'config diff',
      'config push',
    ]);
    expect(known.notes.join()).toContain('SMTP_HOST');
    const unknown = planDeployment(env);
    if (!unknown.ok) throw new Error(unknown.problems.join());
    expect(unknown.steps.some(({ args: [group] }) => group === 'config')).toBe(false);
    expect(unknown.notes.join()).toContain('PATCHBAY_WEB_URL');
    expect(planDeployment({ ...env, PATCHBAY_WEB_URL: 'patchbay.example' })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('PATCHBAY_WEB_URL')],
    });
  });

  it('say all that is missing at once', () => {
    expect(planDeployment({ LIVEKIT_URL: 'wss://x' })).toEqual({
      ok: false,
      problems: [
        expect.stringContaining('reference'),
        'Set what the functions need: LIVEKIT_API_KEY, LIVEKIT_API_SECRET, PATCHBAY_SECRETS_KEYS.',
      ],
    });
    expect(planDeployment({ ...env, SUPABASE_URL: 'https://self.example' }, REF).ok).toBe(true);
  });

  it('refuse what a file of variables would read otherwise', () => {
    for (const value of ["a'b", 'a\nB=c'])
      expect(planDeployment({ ...env, LIVEKIT_API_KEY: value })).toMatchObject({
        ok: false,
        problems: [expect.stringContaining('LIVEKIT_API_KEY')],
      });
    expect(variablesFile({ A: 'x:+/=', B: '{"kty":"EC"}' })).toBe(`A='x:+/='\nB='{"kty":"EC"}'\n`);
  });
});

it("the docs call the CLI that the lockfile pins, which is on nobody's path", () => {
  const folder = join(import.meta.dirname, '../../docs');
  const pages = readdirSync(folder).filter((file) => file.endsWith('.md'));
  const calls = pages.flatMap((page) =>
    [...readFileSync(join(folder, page), 'utf8').matchAll(/(\S+ )?\bsupabase (?:db|gen) [a-z-]+/g)].map(
      ([call]) => call,
    ),
  );
  expect(calls.length).toBeGreaterThan(3);
  for (const call of calls) expect(call).toMatch(/npx supabase /);
});
