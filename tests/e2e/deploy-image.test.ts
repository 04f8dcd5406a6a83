import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PROGRAMS } from '../../agent-worker/bundle.ts';
import { capacityOf } from '../../agent-worker/src/capacity.ts';
import { readFly } from '../../ops/deploy/fly.ts';
import { makeImage, type Image } from '../../ops/deploy/image.ts';
import { LocalSecrets, SECRETS_FILE } from '../../local/stack/secrets.ts';
import { readJson } from '../../local/stack/stack-file.ts';
import { runTool } from '../../local/processes/tool.ts';
import { addDemoServer, newPerson } from '../support/person.ts';
import { serviceClient } from '../support/rest-api.ts';
import { RoomClient } from '../support/room-client.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';

const MOST_MEGABYTES = 60;
const AGENT_NAME = 'test-image';
const LiveWorkers = z.array(z.object({ agent_name: z.string(), capacity: z.number() }));
const PATIENCE_MS = 60_000;
/** As on a machine with shared CPUs. */
const WORKER_CORES = 0.5;

describe.runIf(hasStack)('the image', { timeout: 180_000 }, () => {
  const fly = readFly();
  const children: ChildProcess[] = [];
  let image: Image;

  beforeAll(async () => {
    image = await makeImage(AbortSignal.timeout(170_000));
  }, 180_000);
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await image?.remove();
  });

  it('is made of what the repository and npm give; only packages of Debian are left out here', () => {
    expect(image.left).toEqual([
      expect.stringMatching(/^apt-get update && apt-get install .* ca-certificates/),
    ]);
    expect(image.user).toBe('node');
    expect(image.command.join(' ')).toBe(fly.processes['worker']);
  });

  it('holds compiled programs and the native part of LiveKit, and is small', async () => {
    const files = await readdir(image.workdir);
    for (const name of Object.keys(PROGRAMS)) expect(files).toContain(`${name}.js`);
    const isOfNode = (file: string): boolean => /\.js(\.map|\.LEGAL\.txt)?$/.test(file);
    expect(files.filter((file) => !isOfNode(file)).sort()).toEqual(['node_modules', 'package.json']);
    const packages = await readdir(join(image.workdir, 'node_modules/@livekit'));
    expect(packages).toEqual([expect.stringMatching(/^rtc-ffi-bindings-/)]);

    const { output } = await runTool({ command: 'du', args: ['-sm', image.root] });
    const megabytes = Number.parseInt(output, 10);
    console.log(`the image is ${megabytes} MB beside Node and Debian`);
    expect(megabytes).toBeLessThan(MOST_MEGABYTES);
  });

  /** The environment has only what the image, fly.toml and `fly secrets` set. */
  async function start(name: string, portName: string): Promise<{ child: ChildProcess; url: string }> {
    const stack = runningStack();
    const secrets = LocalSecrets.parse(
      readJson(join(dirname(process.env['PATCHBAY_STACK'] ?? ''), SECRETS_FILE)),
    );
    const port = await getPort({ host: '127.0.0.1' });
    const [program = '', ...args] = (fly.processes[name] ?? '').split(' ');
    expect(program).toBe('node');
    const child = spawn(process.execPath, args, {
      cwd: image.workdir,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...image.env,
        ...fly.env,
        [portName]: String(port),
        SUPABASE_URL: stack.supabase_url,
        SUPABASE_SECRET_KEY: stack.secret_key,
        LIVEKIT_URL: stack.livekit_url,
        LIVEKIT_API_KEY: stack.livekit_api_key,
        LIVEKIT_API_SECRET: stack.livekit_api_secret,
        OPENAI_API_KEY: 'rehearsal',
        OPENAI_BASE_URL: stack.model_url,
        PATCHBAY_SECRETS_KEYS: secrets.secretsKeys,
        PATCHBAY_ADDRESS_POLICY: 'local',
        PATCHBAY_AGENT_NAME: AGENT_NAME,
        PATCHBAY_WORKER_CORES: String(WORKER_CORES),
      },
    });
    children.push(child);
    return { child, url: `http://127.0.0.1:${port}` };
  }

  const statusOf = (url: string): Promise<number | null> =>
    fetch(url).then(
      ({ status }) => status,
      () => null,
    );

  async function heartbeats(): Promise<unknown> {
    const { data } = await serviceClient().rpc('live_workers').throwOnError();
    return LiveWorkers.parse(data).filter(({ agent_name }) => agent_name === AGENT_NAME);
  }

  it('runs the worker, which registers, holds a conversation with a tool call, and exits on SIGTERM', async () => {
    const { child, url } = await start('worker', 'PATCHBAY_WORKER_PORT');
    await expect
      .poll(() => statusOf(url + fly.checks['registered']?.path), { timeout: PATIENCE_MS })
      .toBe(200);
    expect(await (await fetch(`${url}/worker`)).json()).toMatchObject({ agent_name: AGENT_NAME });
    const capacity = capacityOf({
      totalBytes: totalmem(),
      constrainedBytes: process.constrainedMemory(),
      cores: WORKER_CORES,
    });
    const alive = [{ agent_name: AGENT_NAME, capacity }];
    await expect.poll(heartbeats, { timeout: PATIENCE_MS }).toEqual(alive);

    const person = await newPerson('image');
    await addDemoServer(person, 'notes');
    await addDemoServer(person, 'clock');
    const client = await RoomClient.join(person, undefined, AGENT_NAME);
    const isThere = (names: string[]): boolean =>
      ['notes__', 'clock__'].every((prefix) => names.some((name) => name.startsWith(prefix)));
    await client.waitForActivity('tools', ({ names }) => isThere(names), 0, PATIENCE_MS);
    await client.hearsVoice(0, PATIENCE_MS);
    await client.hearsSilence(700, PATIENCE_MS);
    const since = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/in Tokyo/i, since, PATIENCE_MS);
    await client.leave();

    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await heartbeats()).toEqual([]);
  });

  it('runs the monitor, which probes servers and exits on SIGTERM', async () => {
    const { child, url } = await start('monitor', 'PATCHBAY_MONITOR_PORT');
    await expect.poll(() => statusOf(url + fly.checks['monitoring']?.path), { timeout: 30_000 }).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
