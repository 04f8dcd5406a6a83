import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleWorker, PROGRAMS } from './bundle.ts';

/** Outside of the repository, so that nothing is found in its node_modules. */
describe('the compiled worker', { timeout: 60_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-bundle-'));
    await bundleWorker(folder);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  function node(...args: string[]): Promise<{ code: unknown; output: string }> {
    return new Promise((resolve) => {
      const env = { PATH: process.env['PATH'] };
      execFile(process.execPath, args, { cwd: folder, env }, (error, stdout, stderr) =>
        resolve({ code: error ? error.code : 0, output: stdout + stderr }),
      );
    });
  }

  it('has each program, and of packages only the native part of LiveKit', async () => {
    const files = await readdir(folder);
    for (const name of Object.keys(PROGRAMS)) expect(files).toContain(`${name}.js`);
    expect(files.filter((file) => file.endsWith('.ts'))).toEqual([]);
    expect(await readdir(join(folder, 'node_modules'))).toEqual(['@livekit']);
    const [binding, ...others] = await readdir(join(folder, 'node_modules/@livekit'));
    expect(binding).toMatch(new RegExp(`^rtc-ffi-bindings-${process.platform}-${process.arch}`));
    expect(others).toEqual([]);
  });

  it.each(['main.js', 'monitor.js'])(
    'starts %s, which names what it misses in its environment',
    async (file) => {
      const { code, output } = await node(file);
      expect(output).toMatch(/^Missing or not valid in the environment: SUPABASE_URL, SUPABASE_SECRET_KEY/);
      expect(code).toBe(1);
    },
  );

  it('starts the process of a job, which loads the agent and then waits for the worker', async () => {
    const script = `
      const { fork } = await import('node:child_process');
      const child = fork('job_proc_lazy_main.js', ['${folder}/agent.js'], { execArgv: [] });
      const defaults = { loggerOptions: { pretty: false, level: 'info' }, sessionEndTimeout: 1000 };
      child.send({ case: 'initializeRequest', value: defaults });
      child.on('message', (message) => { console.log(message.case); child.kill('SIGKILL'); });`;
    expect((await node('--input-type=module', '-e', script)).output).toBe('initializeResponse\n');
  });

  // Node keeps the source in memory, once for each conversation.
  it('is small', async () => {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.js'));
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6 * 2 ** 20);
  });

  it('names lines of the source in stack traces', async () => {
    const script = `
      const { default: agent } = await import('${folder}/agent.js');
      const job = { job: { id: 'x', metadata: '{}' } };
      await agent.entry(job).catch((error) => console.log(error.stack));`;
    const { output } = await node('--enable-source-maps', '--input-type=module', '-e', script);
    expect(output).toContain('EnvironmentError: Missing or not valid in the environment');
    expect(output).toMatch(/agent-worker\/src\/environment\.ts:\d+/);
    expect(output).toMatch(/agent-worker\/src\/agent\.ts:\d+/);
  });

  it('holds no text beyond ASCII, which would double the memory of its file', async () => {
    for (const file of await readdir(folder)) {
      if (!file.endsWith('.js')) continue;
      expect((await readFile(join(folder, file), 'utf8')).match(/[^\x00-\x7f].*/)?.[0], file).toBeUndefined();
    }
  });
});
