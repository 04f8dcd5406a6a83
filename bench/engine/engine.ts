/** Subjects take turns in one process, so that other load affects all alike. Figures are ratios to the raw client. */
import { setImmediate as yieldToEvents, setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext } from '../bench.ts';
import type { Held } from './engine-idle.ts';
import { startProcess } from './engine-process.ts';
import type { Counts } from './engine-server.ts';
import { SUBJECTS, type Connected, type SubjectName } from './engine-subjects.ts';
import {
  conclude,
  currentLoad,
  toTable,
  writeResult,
  type Measure,
  type Result,
  type Run,
} from '../report.ts';
import { median } from '../statistics.ts';

const ERAS = ['legacy', 'modern'] as const;
type Era = (typeof ERAS)[number];

/** Enough for the compiler to settle. */
const WARM_UP_CALLS = 1_000;
const CALLS = 3_000;
const WARM_UP_CONNECTS = 20;
const CONNECTS = 150;
const IDLE_CONNECTIONS = 100;
const IDLE_ROUNDS = 4;
/** Longer than servers and clients keep an unused socket. */
const IDLE_REST_MS = 6_500;
const BURST_CALLS = 10_000;
const BURST_PLACES = 64;

interface Figure {
  name: string;
  ratio: number;
  target: number;
}

interface BenchServer {
  url: string;
  counts(): Promise<Counts>;
  closeIdle(): Promise<unknown>;
  stop(): Promise<void>;
}

/** @throws Error where an answer was lost, doubled or mixed up */
export async function run({ say, signal }: BenchContext): Promise<void> {
  const startedAt = new Date();
  const figures: Figure[] = [];
  const measures: Result[] = [];
  for (const era of ERAS) {
    const server = await startServer(era);
    try {
      const bench = new EngineBench(era, server, say, signal);
      figures.push(...(await bench.measure()));
      measures.push(...bench.results);
    } finally {
      await server.stop();
    }
  }
  const width = Math.max(...figures.map(({ name }) => name.length));
  say('engine against the raw client, as ratios');
  for (const { name, ratio, target } of figures) {
    const verdict = ratio <= target ? 'met' : 'MISSED';
    say(`  ${name.padEnd(width)}  ${ratio.toFixed(3)} x  (target ${target.toFixed(2)}: ${verdict})`);
  }
  const result = { name: 'engine', started_at: startedAt.toISOString(), figures, measures };
  say(`written to ${writeResult(result)}`);
}

async function startServer(era: Era): Promise<BenchServer> {
  const server = await startProcess<{ url: string }, Counts>('engine-server.ts', [era]);
  return {
    url: server.first.url,
    counts: () => server.ask(),
    closeIdle: () => server.ask('close-idle'),
    stop: () => server.stop(),
  };
}

class EngineBench {
  readonly results: Result[] = [];
  readonly #era: Era;
  readonly #server: BenchServer;
  readonly #say: (text: string) => void;
  readonly #signal: AbortSignal;
  readonly #names: SubjectName[];

  constructor(era: Era, server: BenchServer, say: (text: string) => void, signal: AbortSignal) {
    this.#era = era;
    this.#server = server;
    this.#say = say;
    this.#signal = signal;
    this.#names = era === 'legacy' ? ['client', 'sdk', 'engine'] : ['client', 'engine'];
  }

  async measure(): Promise<Figure[]> {
    const warm = await this.#warmCalls();
    const connects = await this.#connects();
    await this.#burst();
    const idle = await this.#idle();
    return [
      { name: `${this.#era}: warm call, median`, ratio: ratioOf(warm), target: 1.05 },
      { name: `${this.#era}: connect and list, median`, ratio: ratioOf(connects), target: 1.1 },
      ...idle,
    ];
  }

  async #warmCalls(): Promise<Result> {
    const began = { startedAt: new Date(), loadBefore: currentLoad() };
    const connections = new Map<SubjectName, Connected>();
    for (const name of this.#names) connections.set(name, await this.#connect(name));
    const samples = await this.#turns(WARM_UP_CALLS, CALLS, async (name, index) => {
      const answer = await connections.get(name)?.call(index);
      if (answer !== String(index)) throw new Error(`${name} answered ${answer} to ${index}`);
    });
    for (const connection of connections.values()) await connection.close();
    return this.#tell(
      'warm-call',
      began,
      samples,
      'one call of a tool that answers at once, on an open connection',
    );
  }

  async #connects(): Promise<Result> {
    const began = { startedAt: new Date(), loadBefore: currentLoad() };
    // Each starts without a socket: the raw client would otherwise reuse those of the round before, which saves it much more
    // on a network than here.
    const open: Connected[] = [];
    const samples = await this.#turns(
      WARM_UP_CONNECTS,
      CONNECTS,
      async (name) => void open.push(await this.#connect(name)),
      async () => {
        for (const connection of open.splice(0)) await connection.close();
        await this.#server.closeIdle();
        while (process.getActiveResourcesInfo().includes('TCPSocketWrap')) await yieldToEvents();
      },
    );
    return this.#tell(
      'connect',
      began,
      samples,
      'a new connection, with no socket open before, until the ten tools of the server are known',
    );
  }

  async #burst(): Promise<void> {
    const durations: number[] = [];
    for (const name of ['client', 'engine'] as const) {
      const connection = await this.#connect(name, BURST_PLACES);
      await this.#server.counts();
      const startedAtMs = performance.now();
      let next = 0;
      let wrong = 0;
      const worker = async (): Promise<void> => {
        for (let n = next++; n < BURST_CALLS; n = next++) {
          if ((await connection.call(n)) !== String(n)) wrong += 1;
        }
      };
      await Promise.all(Array.from({ length: BURST_PLACES }, worker));
      durations.push(performance.now() - startedAtMs);
      const { calls, doubled } = await this.#server.counts();
      await connection.close();
      this.#say(
        `  ${this.#era}, ${name}: ${BURST_CALLS} calls, ${BURST_PLACES} at a time, in ${(durations.at(-1) ?? 0).toFixed(0)} ms; the server ran ${calls}, ${doubled} of them twice, ${wrong} answers were wrong`,
      );
      if (calls !== BURST_CALLS || doubled > 0 || wrong > 0) throw new Error(`${name} lost or doubled calls`);
    }
  }

  /** Uses fresh processes, because memory that was held before can't be distinguished. */
  async #idle(): Promise<Figure[]> {
    const held = { client: [] as Held[], engine: [] as Held[] };
    const sockets = { client: [] as number[], engine: [] as number[] };
    for (let round = 0; round < IDLE_ROUNDS && !this.#signal.aborted; round += 1) {
      for (const name of round % 2 === 0
        ? (['client', 'engine'] as const)
        : (['engine', 'client'] as const)) {
        const args = [name, this.#server.url, String(IDLE_CONNECTIONS)];
        const process = await startProcess<string, Held>('engine-idle.ts', args);
        await sleep(IDLE_REST_MS, undefined, { signal: this.#signal });
        held[name].push(await process.ask());
        sockets[name].push((await this.#server.counts()).sockets);
        await process.stop();
      }
    }
    // Noise only ever adds memory, so the least is the most accurate.
    const ratio = (of: (name: 'client' | 'engine') => number[]): number =>
      Math.min(...of('engine')) / Math.min(...of('client'));
    const megabytes = (name: 'client' | 'engine', kind: keyof Held): string =>
      (Math.min(...held[name].map((one) => one[kind])) / 2 ** 20).toFixed(1);
    for (const name of ['client', 'engine'] as const) {
      this.#say(
        `  ${this.#era}, ${name}: ${IDLE_CONNECTIONS} idle connections in a process of ${megabytes(name, 'rss')} MB (heap ${megabytes(name, 'heap')} MB), ${median(sockets[name])} sockets`,
      );
    }
    const named = (what: string) => `${this.#era}: ${IDLE_CONNECTIONS} idle connections, ${what}`;
    return [
      { name: named('memory'), ratio: ratio((name) => held[name].map(({ rss }) => rss)), target: 1.1 },
      { name: named('heap'), ratio: ratio((name) => held[name].map(({ heap }) => heap)), target: 1.1 },
      { name: named('sockets'), ratio: median(sockets.engine) / median(sockets.client), target: 1 },
    ];
  }

  #connect(name: SubjectName, places = 4): Promise<Connected> {
    return SUBJECTS[name].connect(this.#server.url, places);
  }

  async #turns(
    warmUp: number,
    count: number,
    work: (name: SubjectName, index: number) => Promise<void>,
    after: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Map<SubjectName, number[]>> {
    const samples = new Map<SubjectName, number[]>(this.#names.map((name) => [name, []]));
    for (let index = 0; index < warmUp + count; index += 1) {
      this.#signal.throwIfAborted();
      for (let turn = 0; turn < this.#names.length; turn += 1) {
        const name = this.#names[(index + turn) % this.#names.length] ?? 'client';
        const startedAtMs = performance.now();
        await work(name, index);
        const durationMs = performance.now() - startedAtMs;
        if (index >= warmUp) samples.get(name)?.push(durationMs);
        await after();
      }
    }
    return samples;
  }

  #tell(
    what: string,
    began: Pick<Run, 'startedAt' | 'loadBefore'>,
    samples: Map<SubjectName, number[]>,
    note: string,
  ): Result {
    const measures = [...samples].map(([name, samplesMs]): Measure => ({
      name,
      about: SUBJECTS[name].about,
      samplesMs,
    }));
    const run = {
      name: `engine-${what}-${this.#era}`,
      ...began,
      notes: [note],
      reference: 'client',
      measures,
    };
    const result = conclude(run, new Date());
    this.results.push(result);
    this.#say(toTable(result));
    return result;
  }
}

function ratioOf({ measures }: Result): number {
  return measures.find(({ name }) => name === 'engine')?.medianToReference ?? NaN;
}
