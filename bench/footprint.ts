/** Memory and CPU of a conversation with no, few and many servers, against a bare agents-js agent (bare-worker.mjs). */
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleWorker } from '../agent-worker/bundle.ts';
import { readImageEnvironment } from '../ops/deploy/image.ts';
import { addDemoServer, newPerson, type Person } from '../tests/support/person.ts';
import { startOwnWorker, type OwnWorker } from '../tests/support/own-worker.ts';
import { addServer } from '../tests/support/rest-api.ts';
import { RoomClient } from '../tests/support/room-client.ts';
import { demoServer } from '../tests/support/running-stack.ts';
import { LocalSecrets, SECRETS_FILE } from '../local/stack/secrets.ts';
import { readJson } from '../local/stack/stack-file.ts';
import type { BenchContext } from './bench.ts';
import { cpuSecondsOf, memoryOf, type Memory } from './process-usage.ts';
import { currentLoad, describeMachine, writeResult } from './report.ts';
import { withStack } from './stack.ts';
import { median } from './statistics.ts';

const ROUNDS = 3;
const MANY_SERVERS = 50;
const DEMO_SERVERS = ['clock', 'notes', 'everything'];
/** Time for servers to answer and the heap to settle. */
const SETTLE_MS = 10_000;
const LISTEN_MS = 20_000;
const TALK_MS = 20_000;
const PATIENCE_MS = 90_000;
const BUNDLE = join(import.meta.dirname, '../.local/bench/worker');
const BARE = join(import.meta.dirname, 'bare-worker.mjs');

interface Subject {
  name: string;
  worker: OwnWorker;
  person: Person;
  servers: number;
}

interface Sample {
  memory: Memory;
  /** Percent of one core. */
  listening: number;
  talking: number;
}

export async function run(context: BenchContext): Promise<void> {
  const { say, signal } = context;
  await withStack(context, async (stack) => {
    if (stack.voice_unavailable !== undefined) throw new Error(`no conversation: ${stack.voice_unavailable}`);
    await bundleWorker(BUNDLE);
    const secrets = LocalSecrets.parse(
      readJson(join(dirname(process.env['PATCHBAY_STACK'] ?? ''), SECRETS_FILE)),
    );
    const environment = { ...(await readImageEnvironment()), PATCHBAY_SECRETS_KEYS: secrets.secretsKeys };
    const ours = await startOwnWorker(environment, join(BUNDLE, 'main.js'));
    const bare = await startOwnWorker({}, BARE);
    try {
      const subjects: Subject[] = [
        { name: 'bare agents-js', worker: bare, person: await newPerson('bench-bare'), servers: 0 },
        { name: 'no server', worker: ours, person: await newPerson('bench-none'), servers: 0 },
        { name: `${DEMO_SERVERS.length} servers`, worker: ours, ...(await personWithDemoServers()) },
        { name: `${MANY_SERVERS} servers`, worker: ours, ...(await personWithManyServers()) },
      ];
      const startedAt = new Date();
      const loadBefore = currentLoad();
      const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]));
      for (let round = 0; round < ROUNDS; round += 1)
        for (const subject of subjects) {
          const sample = await converse(subject, signal);
          samples.get(subject.name)?.push(sample);
          say(`  round ${round + 1}, ${subject.name}: ${describe(sample)}`);
        }
      const machine = describeMachine(loadBefore);
      const figures = [...samples].map(([name, taken]) => ({ name, ...summary(taken), samples: taken }));
      say(toTable(figures));
      say(`  load ${machine.load.before} before and ${machine.load.after} after, ${ROUNDS} rounds, medians`);
      const result = { name: 'footprint', started_at: startedAt.toISOString(), machine, figures };
      say(`written to ${writeResult(result)}`);
    } finally {
      await Promise.all([ours.end(), bare.end()]);
    }
  });
}

async function personWithDemoServers() {
  const person = await newPerson('bench-few');
  for (const name of DEMO_SERVERS) await addDemoServer(person, name);
  return { person, servers: DEMO_SERVERS.length };
}

async function personWithManyServers() {
  const person = await newPerson('bench-many');
  const { url } = demoServer('clock');
  for (let index = 0; index < MANY_SERVERS; index += 1)
    await addServer(person, { name: `server ${index}`, url });
  return { person, servers: MANY_SERVERS };
}

async function converse({ worker, person, servers }: Subject, signal: AbortSignal): Promise<Sample> {
  const job = await warmProcess(worker, signal);
  const client = await RoomClient.join(person, undefined, worker.agentName);
  try {
    await client.hearsVoice(0, PATIENCE_MS);
    const connected = new Set<string>();
    for (let from = 0; connected.size < servers;) {
      const next = await client.waitForActivity(
        'server',
        ({ state }) => state === 'ready',
        from,
        PATIENCE_MS,
      );
      connected.add(next.server_id);
      from = client.activity.indexOf(next) + 1;
    }
    await client.hearsSilence(700, PATIENCE_MS);
    await sleep(SETTLE_MS, undefined, { signal });
    const listening = await coreShare(job, () => sleep(LISTEN_MS, undefined, { signal }));
    const memory = memoryOf(job);
    const talking = await coreShare(job, () => keepTalking(client));
    return { memory, listening, talking };
  } finally {
    await client.leave();
  }
}

async function warmProcess(worker: OwnWorker, signal: AbortSignal): Promise<number> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
    const [job, ...others] = worker.jobs();
    if (job !== undefined && others.length === 0) return job;
    await sleep(200, undefined, { signal });
  }
  throw new Error('the worker does not come to rest with one warm process');
}

async function coreShare(pid: number, meanwhile: () => Promise<unknown>): Promise<number> {
  const [cpuBefore, before] = [cpuSecondsOf(pid), performance.now()];
  await meanwhile();
  return (100 * (cpuSecondsOf(pid) - cpuBefore)) / ((performance.now() - before) / 1_000);
}

async function keepTalking(client: RoomClient): Promise<void> {
  for (const until = Date.now() + TALK_MS; Date.now() < until;) {
    const since = Date.now();
    await client.type('What can you do for me?');
    await client.hearsVoice(since, PATIENCE_MS);
    await client.hearsSilence(200, PATIENCE_MS);
  }
}

function describe({ memory, listening, talking }: Sample): string {
  return `${memory.pssMb.toFixed(0)} MB, ${listening.toFixed(1)}% listening, ${talking.toFixed(1)}% talking`;
}

type Figures = ReturnType<typeof summary> & { name: string };

function summary(samples: readonly Sample[]) {
  return {
    pssMb: median(samples.map(({ memory }) => memory.pssMb)),
    ownMb: median(samples.map(({ memory }) => memory.anonymousMb)),
    listening: median(samples.map(({ listening }) => listening)),
    talking: median(samples.map(({ talking }) => talking)),
  };
}

function toTable(figures: readonly Figures[]): string {
  const [base] = figures;
  const width = Math.max(...figures.map(({ name }) => name.length));
  const row = (first: string, cells: readonly string[]): string =>
    `  ${first.padEnd(width)}${cells.map((cell) => cell.padStart(20)).join('')}`;
  const cell = (value: number, reference: number, unit: string): string =>
    `${value.toFixed(1)} ${unit} (${(value / reference).toFixed(2)} x)`;
  return [
    row('', ['memory (PSS)', 'of which its own', 'CPU, listening', 'CPU, talking']),
    ...figures.map((figure) =>
      row(
        figure.name,
        base === undefined
          ? []
          : [
              cell(figure.pssMb, base.pssMb, 'MB'),
              cell(figure.ownMb, base.ownMb, 'MB'),
              cell(figure.listening, base.listening, '%'),
              cell(figure.talking, base.talking, '%'),
            ],
      ),
    ),
  ].join('\n');
}
