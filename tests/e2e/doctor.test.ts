import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecks } from '../../ops/doctor/run-checks.ts';
import { linesOf } from '../../ops/doctor/finding.ts';
import { readExpected, subjectOfStack, type Subject } from '../../ops/doctor/subject.ts';
import { LocalSecrets, SECRETS_FILE } from '../../local/stack/secrets.ts';
import { readJson } from '../../local/stack/stack-file.ts';
import { runTool } from '../../local/processes/tool.ts';
import { newPerson } from '../support/person.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';

const NOWHERE = 'http://127.0.0.1:9';
const newKey = (): string => randomBytes(32).toString('base64');

describe.runIf(hasStack)('the doctor', () => {
  let subject: Subject;
  let refusing: Server;
  let refusingUrl: string;
  let halfSupabase: Server;
  let halfSupabaseUrl: string;
  let bootlessSupabase: Server;
  let bootlessSupabaseUrl: string;

  beforeAll(async () => {
    const folder = dirname(process.env['PATCHBAY_STACK'] ?? '');
    const { secretsKeys } = LocalSecrets.parse(readJson(join(folder, SECRETS_FILE)));
    subject = subjectOfStack(runningStack(), secretsKeys, {}, readExpected());
    refusing = createServer((_request, response) => response.writeHead(401).end());
    refusing.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'));
    refusingUrl = await listen(refusing);
    halfSupabase = createServer((request, response) => void passOn(request, response));
    halfSupabase.on('upgrade', (_request, socket) => socket.destroy());
    halfSupabaseUrl = await listen(halfSupabase);
    bootlessSupabase = createServer((request, response) => {
      if (request.url === '/functions/v1/call-tool') response.writeHead(503).end('{"code":"BOOT_ERROR"}');
      else void passOn(request, response);
    });
    bootlessSupabase.on('upgrade', (_request, socket) => socket.destroy());
    bootlessSupabaseUrl = await listen(bootlessSupabase);
  });
  afterAll(() => {
    for (const server of [refusing, halfSupabase, bootlessSupabase]) server?.close().closeAllConnections();
  });

  async function listen(server: Server): Promise<string> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/functions/v1/call-tool') return void response.writeHead(404).end();
    const headers = new Headers();
    for (const name of ['apikey', 'authorization', 'content-type']) {
      const value = request.headers[name];
      if (typeof value === 'string') headers.set(name, value);
    }
    const body = await buffer(request);
    const answer = await fetch(`${runningStack().supabase_url}${request.url ?? '/'}`, {
      method: request.method ?? 'GET',
      headers,
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  }

  it('finds nothing wrong with a stack that works, and tells no secret', async () => {
    const findings = await runChecks(subject);
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      'database',
      'migrations',
      'row security',
      'retention',
      'anonymous callers',
      'realtime',
      'functions',
      'function runtime',
      'function secrets',
      'api tokens',
      'sign-in',
      'mail',
      'secrets key',
      'stored secrets',
      'workers',
      'address policy',
      'livekit',
      'model',
      'transcription',
      'agent models',
      'page',
      'worker',
      'monitor',
    ]);
    const output = linesOf(findings).join('\n');
    const { secretKey = '', livekitApiSecret = '', secretsKeys = '' } = subject;
    for (const secret of [secretKey, livekitApiSecret, secretsKeys]) expect(output).not.toContain(secret);
  });

  it('as a command takes all from the environment, and its exit code says how it went', async () => {
    const names = {
      supabaseUrl: 'SUPABASE_URL',
      publishableKey: 'SUPABASE_PUBLISHABLE_KEY',
      secretKey: 'SUPABASE_SECRET_KEY',
      livekitUrl: 'LIVEKIT_URL',
      livekitApiKey: 'LIVEKIT_API_KEY',
      livekitApiSecret: 'LIVEKIT_API_SECRET',
      modelUrl: 'OPENAI_BASE_URL',
      modelKey: 'OPENAI_API_KEY',
      secretsKeys: 'PATCHBAY_SECRETS_KEYS',
      addressPolicy: 'PATCHBAY_ADDRESS_POLICY',
      webUrl: 'PATCHBAY_WEB_URL',
    } as const;
    const fields = Object.keys(names) as (keyof typeof names)[];
    const env = Object.fromEntries(fields.map((field) => [names[field], subject[field]]));
    const command = {
      command: process.execPath,
      args: [join(import.meta.dirname, '../../ops/doctor/main.ts')],
    };
    const well = await runTool({ ...command, env });
    expect(well.output).toMatch(/^\? +worker +its address is not known: set PATCHBAY_WORKER_URL$/m);
    expect(well.output).toMatch(/No problems found\.$/);
    expect(well.code).toBe(0);
    const ill = await runTool({ ...command, env: { ...env, LIVEKIT_API_KEY: 'other' } });
    expect(ill.output).toMatch(/^FAILED +livekit +the key or secret is rejected\n +→ Set LIVEKIT_API_KEY/m);
    expect(ill.code).toBe(1);
  });

  const broken: [what: string, change: () => Partial<Subject>, checks: string[]][] = [
    ['a missing variable', () => ({ livekitApiSecret: undefined }), ['environment', 'function secrets']],
    ['a wrong secret key', () => ({ secretKey: 'sb_secret_wrong' }), ['database', 'realtime']],
    [
      'a secret key given out as the publishable one',
      () => ({ publishableKey: subject.secretKey }),
      ['anonymous callers', 'realtime'],
    ],
    [
      'a migration that was not applied',
      () => {
        const { expected } = subject;
        return { expected: { ...expected, migrations: [...expected.migrations, '20991231000000'] } };
      },
      ['migrations'],
    ],
    [
      'a missing function, and a Realtime that does not answer',
      () => ({ supabaseUrl: halfSupabaseUrl }),
      ['realtime', 'functions', 'page'],
    ],
    [
      'a function that does not boot on its runtime',
      () => ({ supabaseUrl: bootlessSupabaseUrl }),
      ['realtime', 'functions', 'function runtime', 'page'],
    ],
    ['a missing secrets key', () => ({ secretsKeys: undefined }), ['function secrets', 'secrets key']],
    [
      'a secrets key with another id',
      () => ({ secretsKeys: `other:${newKey()}` }),
      ['function secrets', 'stored secrets'],
    ],
    [
      'a secrets key with the same id and other bytes',
      () => ({ secretsKeys: `${subject.secretsKeys?.split(':')[0]}:${newKey()}` }),
      ['function secrets', 'stored secrets'],
    ],
    ['a wrong LiveKit secret', () => ({ livekitApiSecret: 'x'.repeat(40) }), ['function secrets', 'livekit']],
    ['a LiveKit that is not there', () => ({ livekitUrl: NOWHERE }), ['function secrets', 'livekit', 'page']],
    ['a refused model key', () => ({ modelUrl: `${refusingUrl}/v1` }), ['model']],
    ['an address without a model', () => ({ modelUrl: `${NOWHERE}/v1` }), ['model']],
    ['a model that does not exist', () => ({ modelName: 'gpt-x' }), ['model']],
    [
      'a transcription model that does not exist',
      () => ({ transcriptionModel: 'gpt-x' }),
      ['model', 'transcription'],
    ],
    ['a noise reduction that does not exist', () => ({ noiseReduction: 'loud' }), ['model']],
    ['a worker that is not there', () => ({ workerUrl: NOWHERE }), ['worker']],
    ['another agent name', () => ({ agentName: 'other' }), ['function secrets', 'worker', 'workers']],
    ['one worker where two are expected', () => ({ expectedWorkers: 2 }), ['workers']],
    ['a monitor that is not there', () => ({ monitorUrl: NOWHERE }), ['monitor']],
    ['a wrong address of the page', () => ({ webUrl: subject.supabaseUrl }), ['page', 'sign-in']],
  ];

  it('warns of models that shut down soon, and names them when they have', async () => {
    const person = await newPerson('oldmodel');
    const { error } = await person.client
      .from('agent_configs')
      .update({ model: 'gpt-realtime-mini' })
      .not('id', 'is', null);
    expect(error).toBeNull();
    const old = { ...subject, modelName: 'gpt-realtime', transcriptionModel: 'whisper-1' };
    const statesOn = async (day: string) =>
      (await runChecks(old, new Date(day)))
        .filter(({ state }) => state !== 'ok')
        .map(({ check, state, said }) => [check, state, said.split(' ')[0]]);
    try {
      expect(await statesOn('2026-11-20')).toEqual([]);
      expect(await statesOn('2027-01-19')).toEqual([
        ['model', 'warning', 'gpt-realtime'],
        ['transcription', 'warning', 'whisper-1'],
        ['agent models', 'warning', 'gpt-realtime-mini'],
      ]);
      expect(await statesOn('2027-03-01')).toEqual([
        ['model', 'failed', 'gpt-realtime'],
        ['transcription', 'failed', 'whisper-1'],
        ['agent models', 'failed', 'gpt-realtime-mini'],
      ]);
    } finally {
      // Other tests use all agents, so the change is undone.
      await person.client.from('agent_configs').update({ model: null }).not('id', 'is', null);
    }
  });

  it.each(broken)('names %s, with what to do', async (_what, change, checks) => {
    const failures = (await runChecks({ ...subject, ...change() })).filter(({ state }) => state === 'failed');
    expect(failures.map(({ check }) => check).sort()).toEqual([...checks].sort());
    for (const { fix } of failures) expect(fix).toMatch(/\S.*[.)]$/);
  });
});
