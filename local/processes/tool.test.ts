import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { identify } from './process-identity.ts';
import { runTool } from './tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'patchbay-tool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('returns the exit code and the lines of both outputs, and passes on each line', async () => {
  const lines: string[] = [];
  const result = await runTool({
    command: '/bin/sh',
    args: ['-c', 'echo built; echo "$SECRET" >&2; exit 3'],
    env: { SECRET: 'given' },
    onLine: (line) => lines.push(line),
  });
  expect(result.code).toBe(3);
  expect(result.output.split('\n').sort()).toEqual(['built', 'given']);
  expect(lines.sort()).toEqual(['built', 'given']);
});

it('passes on nothing of its own environment once it gets one', async () => {
  process.env['TOOL_TEST'] = 'leaked';
  const { output } = await runTool({ command: '/bin/sh', args: ['-c', 'echo "[$TOOL_TEST]"'], env: {} });
  delete process.env['TOOL_TEST'];
  expect(output).toBe('[]');
});

it('says why a program cannot be started', async () => {
  const result = await runTool({ command: join(folder, 'missing'), args: [] });
  expect(result.code).toBeNull();
  expect(result.output).toContain('ENOENT');
});

it('kills a program and what that program started when the signal is aborted', async () => {
  const file = join(folder, 'pid');
  const stop = new AbortController();
  const run = runTool({
    command: '/bin/sh',
    args: ['-c', `trap "" TERM; sleep 60 & echo $! > ${file}; wait`],
    signal: stop.signal,
  });
  const readPid = (): number => Number(readFileSync(file, 'utf8'));
  await vi.waitFor(() => expect(readPid()).toBeGreaterThan(0));
  stop.abort();
  expect((await run).code).toBeNull();
  await vi.waitFor(() => expect(identify(readPid())).toBeNull());
});

it('starts nothing when the signal is already aborted', async () => {
  const file = join(folder, 'never');
  const result = await runTool({ command: '/usr/bin/touch', args: [file], signal: AbortSignal.abort() });
  expect(result).toEqual({ code: null, output: '' });
  expect(() => readFileSync(file)).toThrow('ENOENT');
});
