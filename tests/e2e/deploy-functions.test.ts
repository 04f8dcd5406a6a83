// The real CLI uploads to a stand-in of Supabase's API; the functions then run on the hosted Deno version with a hosted
// project's environment, as uploaded and as bundles for self-hosting.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FunctionSettingsAnswer, VoiceTokenAnswer } from '@patchbay/shared/contract/schema/functions';
import { startTraceCollector, type TraceCollector } from '@patchbay/shared/testing/trace-collector';
import { traceIdOf } from '@patchbay/shared/engine/tracing/trace-context';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundleFunctions } from '../../ops/deploy/bundle-functions.ts';
import { runStep } from '../../ops/deploy/cli.ts';
import { startManagementApi, type ManagementApi } from '../../ops/deploy/management-api.ts';
import { planDeployment } from '../../ops/deploy/supabase-steps.ts';
import { readExpected } from '../../ops/doctor/subject.ts';
import { HOSTED_DENO_VERSION } from '../../local/supabase/deno.ts';
import { startFunctions, type RunningFunctions } from '../../local/supabase/functions.ts';
import { tokenOf } from '../support/intruders.ts';
import { newPerson } from '../support/person.ts';
import { demoServer, hasStack, runningStack } from '../support/running-stack.ts';
import { serveUploaded } from '../support/uploaded-function.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Supabase's limit. */
const MOST_BYTES = 20 * 2 ** 20;
const NAMES = readExpected().functions;

describe.runIf(hasStack)('the functions as they are deployed', { timeout: 120_000 }, () => {
  let folder: string;
  let api: ManagementApi;
  let running: RunningFunctions;
  let collector: TraceCollector;
  const environment = {
    LIVEKIT_URL: 'wss://livekit.example',
    LIVEKIT_API_KEY: 'key',
    LIVEKIT_API_SECRET: randomBytes(24).toString('base64url'),
    PATCHBAY_SECRETS_KEYS: `hosted:${randomBytes(32).toString('base64')}`,
    PATCHBAY_ADDRESS_POLICY: 'local',
    PATCHBAY_AGENT_NAME: 'with all that a file could take for its own: $HOME `c` \\d #e "f"',
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-functions-'));
    api = await startManagementApi();
    collector = await startTraceCollector();
    const plan = planDeployment(environment, 'abcdefghijklmnopqrst');
    if (!plan.ok) throw new Error(plan.problems.join(' '));
    for (const step of plan.steps.filter(
      ({ args: [group] }) => group === 'secrets' || group === 'functions',
    )) {
      expect(await runStep(step, { ...api.cli, stdio: 'ignore' }), step.title).toBe(0);
    }
  }, 120_000);
  afterAll(async () => {
    await running?.stop();
    await api?.close();
    await collector?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('arrive one and all, with what they import from shared, and check tokens themselves', () => {
    expect([...api.functions.keys()].sort()).toEqual(NAMES);
    for (const [name, { metadata, files }] of api.functions) {
      expect(metadata).toEqual({
        entrypoint_path: `supabase/functions/${name}/index.ts`,
        import_map_path: `supabase/functions/${name}/deno.json`,
        verify_jwt: false,
      });
      expect([...files.keys()]).toContain('shared/src/contract/schema/functions.ts');
      expect([...files.keys()].filter((file) => !/^(shared\/src|supabase\/functions)\//.test(file))).toEqual(
        [],
      );
    }
  });

  it('have their secrets, each as it was set', () => {
    expect(Object.fromEntries(api.secrets)).toEqual(environment);
  });

  it('are complete without this repository, and far below the limit', async () => {
    for (const [path, text] of [...api.functions.values()].flatMap(({ files }) => [...files])) {
      await mkdir(dirname(join(folder, 'uploaded', path)), { recursive: true });
      await writeFile(join(folder, 'uploaded', path), text);
    }
    // Supabase fetches the npm packages by the versions in deno.json.
    await symlink(join(ROOT, 'node_modules'), join(folder, 'uploaded/node_modules'));
    const sizes = await bundleFunctions(join(folder, 'uploaded'), join(folder, 'bundled'));
    expect(Object.keys(sizes).sort()).toEqual(NAMES);
    for (const [name, bytes] of Object.entries(sizes)) expect(bytes, name).toBeLessThan(MOST_BYTES / 2);
  });

  async function hostedEnvironment(): Promise<Record<string, string>> {
    const { supabase_url, publishable_key, secret_key } = runningStack();
    return {
      ...environment,
      SUPABASE_URL: supabase_url,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishable_key }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: secret_key }),
      SUPABASE_JWKS: await (await fetch(`${supabase_url}/auth/v1/.well-known/jwks.json`)).text(),
    };
  }
  const personHeaders = async () => ({
    authorization: `Bearer ${await tokenOf(await newPerson('deploy'))}`,
    apikey: runningStack().publishable_key,
  });
  const post = (url: string | undefined, headers: Record<string, string>, body: object): Promise<Response> =>
    fetch(url ?? '', { method: 'POST', headers, body: JSON.stringify(body) });

  it('as uploaded, boot on the hosted Deno version, each by its own import map, and do their work', async () => {
    const person = await personHeaders();
    const work: Record<string, object> = {
      'test-connection': { url: demoServer('clock').url },
      'voice-token': {},
    };
    for (const name of NAMES) {
      const served = await serveUploaded(join(folder, 'uploaded'), name, await hostedEnvironment());
      try {
        expect((await post(`${served.url}/${name}`, {}, {})).status, name).toBe(401);
        if (work[name] === undefined) continue;
        const answer: unknown = await (await post(`${served.url}/${name}`, person, work[name])).json();
        if (name === 'test-connection') expect(answer).toMatchObject({ ok: true });
        else expect(VoiceTokenAnswer.parse(answer).url).toBe(environment.LIVEKIT_URL);
      } finally {
        await served.stop();
      }
    }
  });

  it('as bundles, answer on the hosted Deno version with nothing but addresses and keys', async () => {
    const { secret_key } = runningStack();
    running = await startFunctions({
      folder: join(folder, 'bundled'),
      // Packages and sources here are unreadable: everything is in the bundle.
      repository: join(folder, 'bundled'),
      cacheDir: join(folder, 'deno'),
      port: 0,
      env: {
        ...(await hostedEnvironment()),
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
      log: console.log,
    });
    const call = (name: string, headers: Record<string, string>, body: object): Promise<Response> =>
      post(`${running.address()}/${name}`, headers, body);
    for (const name of NAMES) expect((await call(name, {}, {})).status, name).toBe(401);

    const person = await personHeaders();
    const tested = await call('test-connection', person, { url: demoServer('clock').url });
    expect(await tested.json()).toMatchObject({ ok: true });
    const token = VoiceTokenAnswer.parse(await (await call('voice-token', person, {})).json());
    expect(token.url).toBe(environment.LIVEKIT_URL);

    const asked = await call('function-settings', { apikey: secret_key }, { nonce: 'a-nonce-of-the-test' });
    const settings = FunctionSettingsAnswer.parse(await asked.json());
    expect(settings).toMatchObject({ agent_name: environment.PATCHBAY_AGENT_NAME, address_policy: 'local' });
    expect(settings.secrets_keys.map(({ id }) => id)).toEqual(['hosted']);
    expect(settings.runtime).toEqual({ version: HOSTED_DENO_VERSION, lacks: [] });

    // The conversation's trace has the request, without arguments or output.
    const trace = traceIdOf(token.session_id);
    await vi.waitFor(() => expect(collector.spans.map(({ traceId }) => traceId)).toContain(trace), 5_000);
    expect(collector.spans.find(({ traceId }) => traceId === trace)).toMatchObject({
      name: 'voice-token',
      attributes: { 'gen_ai.conversation.id': token.session_id },
    });
    const traces = collector.raw();
    for (const secret of [token.token, person.authorization, secret_key, environment.LIVEKIT_API_SECRET])
      expect(traces).not.toContain(secret);
    expect(traces).not.toContain(demoServer('clock').url);
  });
});
