// `npm run interop`: servers from the registries of npm, PyPI and Go against their own stack. Arguments name the servers
// to run; `--write` updates docs/interop.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newPerson } from '../support/person.ts';
import { findFreeBlock } from '../../local/stack/ports.ts';
import { stackFile } from '../../local/stack/stack-file.ts';
import { startStack } from '../../local/stack/supervisor.ts';
import { exercise } from './exercise.ts';
import { install, whatIsMissing } from './install.ts';
import type { RegistryServer } from './registry-server.ts';
import { SERVERS } from './servers.ts';
import { isWhole, tablesOf, type Row } from './table.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/interop.md');
const DATA_DIR = join(ROOT, '.local/interop-stack');
const FIRST_PORT = 7100;
const BEGIN = '<!-- the table of `npm run interop -- --write` -->';
const END = '<!-- its end -->';

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
process.once('disconnect', () => stopped.abort());

async function row(server: RegistryServer): Promise<Row> {
  const missing = whatIsMissing(server);
  if (missing !== null) return { server, outcome: null, why: missing };
  try {
    const program = await install(server, stopped.signal);
    return { server, outcome: await exercise(server, program, await newPerson('interop')) };
  } catch (error) {
    return { server, outcome: null, why: error instanceof Error ? error.message : String(error) };
  }
}

async function run(servers: readonly RegistryServer[]): Promise<Row[]> {
  // Never use a hosted service, whatever the environment names.
  for (const name of ['SUPABASE_URL', 'LIVEKIT_URL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL'])
    delete process.env[name];
  const { base } = await findFreeBlock(FIRST_PORT);
  const { signal } = stopped;
  const say = (text: string): void => console.log(text);
  const running = await startStack({ dataDir: DATA_DIR, portBase: base, earlier: 'delete', say, signal });
  // The helpers shared with the end-to-end tests find the stack by this.
  process.env['PATCHBAY_STACK'] = stackFile(DATA_DIR);
  const rows: Row[] = [];
  try {
    for (const server of servers) {
      if (signal.aborted) break;
      const startedAt = Date.now();
      rows.push(await row(server));
      const how = isWhole(rows.at(-1) as Row) ? 'ok  ' : 'FAIL';
      say(`  ${how} ${server.name} (${((Date.now() - startedAt) / 1000).toFixed(0)} s)`);
    }
  } finally {
    await running.stop();
  }
  return rows;
}

const words = process.argv.slice(2);
const named = words.filter((word) => word !== '--write');
const chosen = SERVERS.filter(({ name }) => named.length === 0 || named.includes(name));
const unknown = named.filter((name) => !SERVERS.some((server) => server.name === name));
if (unknown.length > 0) {
  console.log(
    `unknown server ${unknown.join(', ')}; there are ${SERVERS.map(({ name }) => name).join(', ')}`,
  );
  process.exitCode = 2;
} else {
  const rows = await run(chosen);
  const whole = rows.filter(isWhole).length;
  const day = new Date().toISOString().slice(0, 10);
  const summary = `${whole} of ${rows.length} servers, on ${day}.`;
  console.log(`\n${tablesOf(rows)}\n\n${summary}`);
  if (words.includes('--write') && !stopped.signal.aborted) {
    const [before = '', , after = ''] = readFileSync(PAGE, 'utf8').split(new RegExp(`${BEGIN}|${END}`));
    writeFileSync(PAGE, `${before}${BEGIN}\n\n${summary}\n\n${tablesOf(rows)}\n\n${END}${after}`);
  }
  process.exitCode = whole === chosen.length ? 0 : 1;
}
if (process.connected) process.disconnect();
