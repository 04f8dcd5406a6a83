// Environment: PATCHBAY_PORT_BASE (default 4100), PATCHBAY_DATA_DIR (default .local/supabase), and the variables of the
// functions. Prints JSON once ready, reloads functions on SIGHUP, and exits when its parent ends.
import { fstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startSupabase } from './start.ts';

const base = Number(process.env['PATCHBAY_PORT_BASE'] ?? 4100);
const repository = resolve(import.meta.dirname, '../..');

const stopRequested = new Promise<void>((resolveStop) => {
  const done = (): void => resolveStop();
  process.once('SIGTERM', done);
  process.once('SIGINT', done);
  process.once('disconnect', done);
  if (process.stdin.isTTY) process.once('SIGHUP', done);
  const stdin = fstatSync(0, { throwIfNoEntry: false });
  if (stdin?.isFIFO() || stdin?.isSocket()) process.stdin.once('end', done).once('close', done).resume();
});

function functionsEnv(): Record<string, string> {
  const names = Object.entries(process.env).filter(([name]) => /^(LIVEKIT|PATCHBAY|OTEL)_/.test(name));
  return Object.fromEntries(names.map(([name, value]) => [name, value ?? '']));
}

try {
  const supabase = await startSupabase({
    dataDir: process.env['PATCHBAY_DATA_DIR'] ?? join(repository, '.local/supabase'),
    ports: { gateway: base + 1, postgres: base + 2, functions: base + 3 },
    functionsEnv: functionsEnv(),
    siteUrl: `http://127.0.0.1:${base}`,
    log: (line) => console.error(line),
  });
  if (!process.stdin.isTTY) {
    process.on('SIGHUP', () => {
      supabase.restartFunctions().catch((error: unknown) => console.error(`functions: ${String(error)}`));
    });
  }
  // Without the keys, because output ends up in logs.
  const { url, migrated } = supabase;
  console.log(JSON.stringify({ ready: true, url, migrated }));
  const crash = await Promise.race([stopRequested, supabase.ended]);
  if (typeof crash === 'string') {
    console.error(crash);
    process.exitCode = 1;
  }
  await supabase.stop();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
process.exit();
