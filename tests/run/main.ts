// `npm test` runs all parts; its last line is `N passed, N failed, N skipped`. These can be named: `npm test -- check unit
// conformance functions database e2e hostile`. `newcomer`, which installs everything again, runs only when named.
// `conformance` runs all scenarios when named, otherwise a selection.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { runConformance } from '../conformance/run.ts';
import { allSuites, shortSuites } from '../conformance/suites.ts';
import { findFreeBlock } from '../../local/stack/ports.ts';
import { stackFile, type Stack } from '../../local/stack/stack-file.ts';
import { startStack } from '../../local/stack/supervisor.ts';
import { runChecks, syncWeb } from './checks.ts';
import { findChromium, installChromium } from './chromium.ts';
import {
  runBrowser,
  runDatabase,
  runFunctions,
  runHostile,
  runNewcomer,
  runSchema,
  runSecrets,
  runEndToEndTests,
  runUnit,
  type RunContext,
} from './parts.ts';
import { liftHostLimits } from './host-limits.ts';
import { lastLine, NOTHING, sum, type Tally } from './tally.ts';

const ROOT = join(import.meta.dirname, '../..');
const DATA_DIR = join(ROOT, '.local/test');
const FIRST_PORT = 5100;
const USUAL_PARTS = ['check', 'unit', 'conformance', 'functions', 'database', 'e2e', 'hostile'] as const;
const PARTS = [...USUAL_PARTS, 'newcomer'] as const;
type PartName = (typeof PARTS)[number];

const say = (text: string): void => console.log(text);
const isCi = process.env['CI'] === 'true';

async function findOrInstallChromium(): Promise<string | null> {
  return findChromium() ?? installChromium(say);
}

/** Skipped without Chromium or LiveKit, which is a failure in CI. */
async function runBrowserTests(stack: Stack, chromium: string | null, context: RunContext): Promise<Tally> {
  const reason = chromium === null ? 'there is no Chromium' : stack.voice_unavailable;
  if (chromium !== null && reason === undefined) {
    return strictUnderCi(await runBrowser(stackFile(DATA_DIR), chromium, context));
  }
  const files = globSync('tests/browser/*.spec.ts', { cwd: ROOT }).length;
  say(`${files} files of browser tests are ${isCi ? 'not run' : 'skipped'}: ${reason ?? ''}`);
  return isCi ? { ...NOTHING, failed: files } : { ...NOTHING, skipped: files };
}

/** In CI, skipped attacks are failures. */
async function runAttacks(context: RunContext): Promise<Tally> {
  if (process.platform !== 'linux') {
    say('the attacks are skipped: memory and CPU of processes are read from /proc, which only Linux has');
    return { ...NOTHING, skipped: 1 };
  }
  return strictUnderCi(await runHostile(stackFile(DATA_DIR), context));
}

function strictUnderCi(tally: Tally): Tally {
  return isCi ? { ...tally, failed: tally.failed + tally.skipped, skipped: 0 } : tally;
}

async function runWithStack(
  wanted: PartName[],
  chromium: Promise<string | null>,
  context: RunContext,
): Promise<Tally[]> {
  const { base } = await findFreeBlock(FIRST_PORT);
  say('\n== starting a stack for the tests');
  const running = await startStack({
    dataDir: DATA_DIR,
    portBase: base,
    earlier: 'delete',
    say,
    signal: context.signal,
  });
  const tallies: Tally[] = [];
  try {
    if (wanted.includes('database')) {
      tallies.push(await part('database', () => runDatabase(running.stack, context)));
      tallies.push(await part('schema', () => runSchema(context)));
    }
    if (wanted.includes('e2e')) {
      await using _ = await liftHostLimits(running.stack);
      tallies.push(await part('end-to-end tests', () => runEndToEndTests(stackFile(DATA_DIR), context)));
      tallies.push(
        await part('browser tests', async () => runBrowserTests(running.stack, await chromium, context)),
      );
    }
    if (wanted.includes('hostile')) tallies.push(await part('hostile', () => runAttacks(context)));
    if (wanted.includes('e2e')) {
      tallies.push(await part('secrets', () => runSecrets(stackFile(DATA_DIR), context)));
    }
  } finally {
    await running.stop();
  }
  return tallies;
}

/** A part that throws counts as one failure; the next one still runs. */
async function part(name: string, run: () => Promise<Tally>): Promise<Tally> {
  const startedAt = Date.now();
  say(`\n== ${name}`);
  const tally = await run().catch((error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return { ...NOTHING, failed: 1 };
  });
  say(`== ${name}: ${lastLine(tally)} (${((Date.now() - startedAt) / 1000).toFixed(0)} s)`);
  return tally;
}

async function run(wanted: PartName[], isNamed: boolean, context: RunContext): Promise<Tally> {
  const tallies: Tally[] = [];
  const has = (name: PartName): boolean => wanted.includes(name) && !context.signal.aborted;
  const chromium = has('e2e') ? findOrInstallChromium() : Promise.resolve(null);
  if (has('check')) tallies.push(await part('check', () => runChecks(say)));
  if (has('unit')) {
    const unit = async (): Promise<Tally> => {
      await syncWeb();
      return runUnit(context);
    };
    tallies.push(await part('unit', unit));
  }
  const suites = isNamed ? allSuites() : shortSuites();
  if (has('conformance')) tallies.push(await part('conformance', () => runConformance(suites, context)));
  if (has('functions')) tallies.push(await part('functions', () => runFunctions(context)));
  if (has('newcomer')) tallies.push(await part('newcomer', () => runNewcomer(context)));
  if (has('database') || has('e2e') || has('hostile')) {
    const broken = (error: unknown): Tally[] => {
      say(`the stack failed: ${error instanceof Error ? error.message : String(error)}`);
      return [{ ...NOTHING, failed: 1 }];
    };
    tallies.push(...(await runWithStack(wanted, chromium, context).catch(broken)));
  }
  return sum(tallies);
}

const named = process.argv.slice(2);
const unknown = named.filter((name) => !PARTS.some((known) => known === name));
if (unknown.length > 0) {
  say(`unknown part ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
  process.exitCode = 2;
} else {
  // Never use a hosted service, whatever the environment names.
  for (const name of ['SUPABASE_URL', 'LIVEKIT_URL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL'])
    delete process.env[name];
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
  process.once('disconnect', () => stopped.abort());
  const wanted = named.length === 0 ? [...USUAL_PARTS] : PARTS.filter((name) => named.includes(name));
  const tally = await run(wanted, named.length > 0, { say, signal: stopped.signal });
  const total = stopped.signal.aborted && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
  say('');
  for (const name of total.secondTries ?? []) say(`passed only on the second try: ${name}`);
  say(lastLine(total));
  process.exitCode = total.failed === 0 ? 0 : 1;
}
if (process.connected) process.disconnect();
