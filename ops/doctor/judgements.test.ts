import { describe, expect, it } from 'vitest';
import { linesOf, type Finding } from './finding.ts';
import type { Answer } from './http.ts';
import { judgeMonitor, judgePage, judgeWorker } from './parts.ts';
import { judgePolicy, judgeSettings, judgeSigningKey, judgeReturnAddress } from './secrets.ts';
import { readExpected, subjectOf } from './subject.ts';
import {
  judgeClient,
  judgeDatabase,
  judgeFunctions,
  judgeMigrations,
  judgeRealtime,
  judgeState,
} from './supabase.ts';
import { judgeWorkers } from './workers.ts';

const answer = (
  status: number | null,
  body: unknown = null,
  headers: Record<string, string> = {},
): Answer => ({
  status,
  body,
  headers: new Headers(headers),
});
const state = {
  migrations: ['1', '2'],
  open_tables: [],
  prunes: true,
  monitors: 1,
  monitors_without_network: 0,
};
const worker = { agent_name: 'patchbay', version: '0.1.0', capacity: 6, conversations: 1 };
const settings = {
  livekit_url: 'wss://x',
  livekit_api_key: 'a',
  livekit_api_secret: 'b',
  agent_name: 'patchbay',
  address_policy: 'public',
  secrets_keys: [{ id: 'one', digest: 'd' }],
  signing_key_id: 'k1',
  web_url: 'https://patchbay.example',
};
const WEB = 'https://patchbay.example';
const POLICY = { 'content-security-policy': 'connect-src https://x.supabase.co wss://x.livekit.cloud' };
const NEEDED = { PUBLIC_SUPABASE_URL: 'https://x.supabase.co', LIVEKIT_URL: 'wss://x.livekit.cloud' };

describe('a check', () => {
  const cases: [what: string, Finding, state: Finding['state'], said: RegExp][] = [
    ['a paused database', judgeDatabase(answer(540)), 'failed', /540/],
    ['no function deployment_state', judgeMigrations(answer(404), ['1']), 'failed', /not applied/],
    [
      'a migration that is missing',
      judgeMigrations(answer(200, state), ['1', '2', '3']),
      'failed',
      /first is 3/,
    ],
    ['a migration too many', judgeMigrations(answer(200, state), ['1']), 'failed', /has 2/],
    ['an open table', judgeState({ ...state, open_tables: ['public.notices'] })[0]!, 'failed', /notices/],
    ['a job that is not there', judgeState({ ...state, prunes: false })[1]!, 'failed', /pg_cron/],
    ['no pg_cron', judgeState({ ...state, prunes: null })[1]!, 'ok', /timer/],
    [
      'a table that shows nothing, one that is closed',
      judgeClient({
        settings: answer(200),
        asked: [
          { what: 'a', answer: answer(200, []) },
          { what: 'b', answer: answer(401) },
        ],
      }),
      'ok',
      /no row/,
    ],
    [
      'a table that shows a row',
      judgeClient({ settings: answer(200), asked: [{ what: 'limits', answer: answer(200, [{}]) }] }),
      'failed',
      /limits/,
    ],
    ['a topic for everybody', judgeRealtime({ system: 'joined', anonymous: 'joined' }), 'failed', /nobody/],
    [
      'a function that does not start',
      judgeFunctions({ a: answer(401), b: answer(503) }),
      'failed',
      /start: b/,
    ],
    [
      'a function that accepts requests without a token',
      judgeFunctions({ a: answer(200) }),
      'failed',
      /without a token: a/,
    ],
    [
      'functions without a secret',
      judgeSettings({
        here: settings,
        functions: { ...settings, livekit_api_secret: null, secrets_keys: [] },
      }),
      'failed',
      /LIVEKIT_API_SECRET, PATCHBAY_SECRETS_KEYS/,
    ],
    [
      'functions with another key of the same id',
      judgeSettings({
        here: settings,
        functions: { ...settings, secrets_keys: [{ id: 'one', digest: 'e' }] },
      }),
      'failed',
      /different values than here: PATCHBAY_SECRETS_KEYS/,
    ],
    [
      'a key for API tokens that the functions were not given',
      judgeSigningKey({ functions: { ...settings, signing_key_id: null }, signingKeys: ['k1'] }, true),
      'failed',
      /functions have no PATCHBAY_SIGNING_KEY/,
    ],
    [
      'a deployment without API tokens',
      judgeSigningKey({ functions: { ...settings, signing_key_id: null }, signingKeys: ['k1'] }, false),
      'ok',
      /off/,
    ],
    [
      'a key for API tokens that the project does not know',
      judgeSigningKey({ functions: settings, signingKeys: ['k2'] }, false),
      'failed',
      /not a signing key/,
    ],
    [
      'a key for API tokens',
      judgeSigningKey({ functions: settings, signingKeys: ['k1'] }, true),
      'ok',
      /belongs to the project/,
    ],
    [
      'functions that do not know the page',
      judgeReturnAddress({ here: settings, functions: { ...settings, web_url: null } }),
      'failed',
      /can't sign in/,
    ],
    [
      'functions that know another page',
      judgeReturnAddress({ here: settings, functions: { ...settings, web_url: 'https://old.example' } }),
      'failed',
      /old\.example/,
    ],
    [
      'the page of the functions, where no other is known',
      judgeReturnAddress({ here: { ...settings, web_url: null }, functions: settings }),
      'ok',
      /patchbay\.example/,
    ],
    ['an open policy in production', judgePolicy('local', [WEB]), 'failed', /private network/],
    ['an open policy on one machine', judgePolicy('local', ['http://127.0.0.1:4100']), 'ok', /local/],
    ['a policy that nobody can read', judgePolicy('pubic', [WEB]), 'failed', /malformed/],
    [
      'a worker without LiveKit',
      judgeWorker({ health: answer(503), agentName: 'patchbay' }, 'patchbay'),
      'failed',
      /not registered/,
    ],
    [
      'one worker where two are expected',
      judgeWorkers(answer(200, [worker]), 'patchbay', 2),
      'failed',
      /1 alive where 2 are expected/,
    ],
    [
      'two workers where two are expected',
      judgeWorkers(answer(200, [worker, worker]), 'patchbay', 2),
      'ok',
      /2 alive: 0\.1\.0 with 1 of 6 conversations; /,
    ],
    [
      'a worker under another name',
      judgeWorkers(answer(200, [{ ...worker, agent_name: 'other' }]), 'patchbay', 1),
      'failed',
      /0 alive where 1 is expected \(others are registered as other\)/,
    ],
    ['no worker where none is expected', judgeWorkers(answer(200, []), 'patchbay', 0), 'ok', /0 alive/],
    [
      'a database before workers reported',
      judgeWorkers(answer(404), 'patchbay', 1),
      'unknown',
      /does not return/,
    ],
    [
      'a number of workers that is none',
      judgeWorkers(answer(200, []), 'patchbay', NaN),
      'failed',
      /not a number/,
    ],
    ['no monitor at work', judgeMonitor(null, 0), 'failed', /none/],
    ['a monitor without a network', judgeMonitor(null, 2, 1), 'failed', /1 of 2/],
    ['a monitor nobody knows of', judgeMonitor(null, null), 'unknown', /known/],
    ['a page that says what it lacks', judgePage(answer(503), WEB, NEEDED), 'failed', /not set up/],
    [
      'a page without https',
      judgePage(answer(200, '', POLICY), 'http://p.example', NEEDED),
      'failed',
      /https/,
    ],
    [
      'a page of another project',
      judgePage(answer(200, '', POLICY), WEB, { ...NEEDED, PUBLIC_SUPABASE_URL: 'https://y.supabase.co' }),
      'failed',
      /PUBLIC_SUPABASE_URL/,
    ],
    ['a page as it should be', judgePage(answer(200, '', POLICY), WEB, NEEDED), 'ok', /answers/],
  ];

  it.each(cases)('judges %s', (_what, finding, expected, said) => {
    expect(finding.state).toBe(expected);
    expect(finding.said).toMatch(said);
    expect(finding.fix !== undefined).toBe(expected === 'failed');
  });
});

it('what should be there comes from this checkout', () => {
  const { migrations, tables, functions } = readExpected();
  expect(migrations).toContain('20261201100600');
  expect(tables).toContain('mcp_server_secrets');
  expect(functions).toContain('voice-token');
  expect(functions).not.toContain('_shared');
});

it('an empty variable is none, and defaults are those of the worker', () => {
  const subject = subjectOf({ SUPABASE_URL: '', OPENAI_BASE_URL: '' }, readExpected());
  expect(subject.supabaseUrl).toBeUndefined();
  expect(subject).toMatchObject({ modelUrl: 'https://api.openai.com/v1', modelName: 'gpt-realtime-2.1' });
});

it('the guide to a second worker is among what a missing one needs', () => {
  const { fix } = judgeWorkers(answer(200, [worker]), 'patchbay', 2);
  expect(fix).toContain('fly scale count worker=2');
  expect(subjectOf({ PATCHBAY_EXPECTED_WORKERS: '2' }, readExpected()).expectedWorkers).toBe(2);
  expect(subjectOf({}, readExpected()).expectedWorkers).toBe(1);
});

it('prints the fix below each failure', () => {
  const lines = linesOf([
    { check: 'a', state: 'ok', said: 'yes' },
    { check: 'longer', state: 'failed', said: 'no', fix: 'Do this.' },
  ]);
  expect(lines).toEqual(['ok      a       yes', 'FAILED  longer  no', '                → Do this.']);
});
