/** The image for Fly: installed as its Dockerfile says, started as fly.toml says, against the running stack. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readFly } from '../deploy/fly.ts';
import { makeImage, type Image } from '../deploy/image.ts';
import { LocalSecrets, SECRETS_FILE } from '../stack/secrets.ts';
import { readJson } from '../stack/stack-file.ts';
import { runTool } from '../stack/tool.ts';
import { freePort } from '../supabase/start.ts';
import { hasStack, runningStack } from './running-stack.ts';

const MOST_MEGABYTES = 400;
const AGENT_NAME = 'story-image';
const Lockfile = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });

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

  it('holds no package for development, no test, no other room, and is not large', async () => {
    const installed = join(image.workdir, 'node_modules/.package-lock.json');
    const { packages } = Lockfile.parse(JSON.parse(readFileSync(installed, 'utf8')));
    const names = Object.keys(packages);
    expect(names).toContain('node_modules/@livekit/agents');
    expect(names.filter((name) => packages[name]?.dev)).toEqual([]);
    expect(names.filter((name) => /\/(vitest|eslint|svelte|vite|deno|supabase)$/.test(name))).toEqual([]);

    expect((await readdir(image.workdir)).sort()).toEqual([
      'agent-worker',
      'node_modules',
      'package.json',
      'shared',
    ]);
    const sources = await readdir(image.workdir, { recursive: true });
    expect(sources.filter((file) => !file.startsWith('node_modules') && file.endsWith('.test.ts'))).toEqual(
      [],
    );

    const { output } = await runTool({ command: 'du', args: ['-sm', image.root] });
    const megabytes = Number.parseInt(output, 10);
    console.log(`the image is ${megabytes} MB beside Node and Debian`);
    expect(megabytes).toBeLessThan(MOST_MEGABYTES);
  });

  /** With nothing in its environment but what the image, fly.toml and `fly secrets` give. */
  async function start(name: string, portName: string): Promise<{ child: ChildProcess; url: string }> {
    const stack = runningStack();
    const secrets = LocalSecrets.parse(
      readJson(join(dirname(process.env['PATCHBAY_STACK'] ?? ''), SECRETS_FILE)),
    );
    const port = await freePort();
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

  it('runs the worker, which registers, and ends when it is told to', async () => {
    const { child, url } = await start('worker', 'PATCHBAY_WORKER_PORT');
    await expect.poll(() => statusOf(url + fly.checks['registered']?.path), { timeout: 60_000 }).toBe(200);
    expect(await (await fetch(`${url}/worker`)).json()).toMatchObject({ agent_name: AGENT_NAME });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('runs the monitor, which gets work, and ends when it is told to', async () => {
    const { child, url } = await start('monitor', 'PATCHBAY_MONITOR_PORT');
    await expect.poll(() => statusOf(url + fly.checks['monitoring']?.path), { timeout: 30_000 }).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
