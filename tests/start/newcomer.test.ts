import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { afterAll, expect, it, vi } from 'vitest';
import { findFreeBlock } from '../../local/stack/ports.ts';
import { readStack } from '../../local/stack/stack-file.ts';

const ROOT = join(import.meta.dirname, '../..');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

it('a newcomer has the whole product after one command', { timeout: 400_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay newcomer '));
  folders.push(folder);
  // Postgres drops root privileges and needs to enter this folder.
  chmodSync(folder, 0o755);
  const clone = join(folder, 'patchbay');
  execFileSync('git', ['clone', '--quiet', ROOT, clone]);
  const { base } = await findFreeBlock(8100);
  const start = spawn('npm', ['start'], {
    cwd: clone,
    // A newcomer's environment has nothing that npm and vitest set here.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PATCHBAY_PORT_BASE: String(base) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C signals a terminal's process group, so the stack gets its own group.
    detached: true,
  });
  let output = '';
  for (const stream of [start.stdout, start.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  try {
    await vi.waitFor(
      () => {
        if (start.exitCode !== null) throw new Error(`npm start has ended:\n${output}`);
        expect(output).toContain('Press Ctrl-C to stop.');
      },
      { timeout: 360_000, interval: 200 },
    );
    const [, page = ''] = /^ {2}page +(\S+)$/m.exec(output) ?? [];
    const [, email = '', password = ''] = /^ {2}demo account +(\S+) +password (\S+)$/m.exec(output) ?? [];
    expect(await (await fetch(`${page}/sign-in`)).text()).toContain('<title>Sign in · Patchbay</title>');
    const { supabase_url, publishable_key } = readStack(join(clone, '.local'))!;
    const patchbay = createClient(supabase_url, publishable_key, { auth: { autoRefreshToken: false } });
    expect((await patchbay.auth.signInWithPassword({ email, password })).error).toBeNull();
    const servers = await patchbay.from('mcp_servers').select('connection_status').throwOnError();
    expect(servers.data.length).toBeGreaterThan(0);
  } finally {
    if (start.exitCode === null) {
      process.kill(-start.pid!, 'SIGINT');
      await once(start, 'exit');
    }
  }
  expect(output).toMatch(/^patchbay: stopped$/m);
});
