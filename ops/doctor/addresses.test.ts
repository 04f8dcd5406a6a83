import { expect, it } from 'vitest';
import { readAddresses } from './addresses.ts';
import { runChecks } from './run-checks.ts';
import { subjectOf } from './subject.ts';

const NOTHING = { migrations: [], tables: [], functions: [] };
const MALFORMED = {
  SUPABASE_URL: 'abcdefghijklmnopqrst.supabase.co',
  SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_x',
  SUPABASE_SECRET_KEY: 'sb_secret_x',
  LIVEKIT_URL: 'localhost:7880',
  OPENAI_BASE_URL: 'gateway/v1',
  OPENAI_API_KEY: 'x',
  PATCHBAY_WEB_URL: 'patchbay.example',
};

it('addresses without a scheme are named, and stop no other check', async () => {
  const findings = await runChecks(subjectOf(MALFORMED, NOTHING));
  const named = findings.filter(({ said }) => said.endsWith('is not an address')).map(({ said }) => said);
  expect(named).toEqual(
    ['SUPABASE_URL', 'LIVEKIT_URL', 'OPENAI_BASE_URL', 'PATCHBAY_WEB_URL'].map(
      (name) => `${name} is not an address`,
    ),
  );
  expect(findings.map(({ check }) => check)).toContain('secrets key');
});

it('addresses that can be read stay, without a slash at their end', () => {
  const subject = subjectOf(
    { SUPABASE_URL: 'https://x.supabase.co/', OPENAI_BASE_URL: 'https://x/v1/', LIVEKIT_URL: 'wss://x' },
    NOTHING,
  );
  expect(readAddresses(subject)).toEqual({ findings: [], readable: subject });
  expect(subject).toMatchObject({ supabaseUrl: 'https://x.supabase.co', modelUrl: 'https://x/v1' });
});
