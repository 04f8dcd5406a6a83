import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultServer, silence } from '../tests/support/servers/fault-servers.ts';
import { addDemoServer, newPerson, type Person } from '../tests/support/person.ts';
import { childrenOf, pidOf } from '../tests/support/processes.ts';
import { addServer } from '../tests/support/rest-api.ts';
import { RoomClient } from '../tests/support/room-client.ts';
import { demoServer } from '../tests/support/running-stack.ts';
import { measureAddServer } from './add-server.ts';
import type { BenchContext } from './bench.ts';
import { conclude, currentLoad, toTable, writeResult, type Measure } from './report.ts';
import { withStack } from './stack.ts';

const GREETINGS = 15;
const SERVERS = 50;
const HANGING_SERVERS = 10;
const SLOW_CALLS = 8;
/** Slow, but under the 6 s after which a call moves to the background. */
const SLOW_CALL_SECONDS = 5;
const PATIENCE_MS = 60_000;
/** Time for the last job to leave its room and the next process to warm up. */
const BETWEEN_CONVERSATIONS_MS = 4_000;

export async function run(context: BenchContext): Promise<void> {
  await withStack(context, async (stack) => {
    if (stack.voice_unavailable !== undefined) throw new Error(`no conversation: ${stack.voice_unavailable}`);
    await measureGreeting(context);
    await measureSlowTool(context);
    await measureAddServer(stack, context);
  });
}

async function measureGreeting(context: BenchContext): Promise<void> {
  const hanging = await startFaultServer(silence);
  const [none, many] = [await newPerson('bench-none'), await newPerson('bench-many')];
  for (let index = 0; index < SERVERS; index += 1) {
    const url = index < HANGING_SERVERS ? hanging.url : demoServer('clock').url;
    await addServer(many, { name: `server ${index}`, url });
  }
  const startedAt = new Date();
  const loadBefore = currentLoad();
  const without: number[] = [];
  const withMany: number[] = [];
  const memoryMb: number[] = [];
  try {
    // The first round has a cold machine and unknown catalogs.
    for (let round = -1; round < GREETINGS; round += 1) {
      for (const [person, samples] of [
        [none, without],
        [many, withMany],
      ] as const) {
        const { greetedMs, jobMb } = await greet(person, context.signal);
        if (round < 0) continue;
        samples.push(greetedMs);
        if (person === many) memoryMb.push(jobMb);
      }
    }
  } finally {
    await hanging.close();
  }
  const measures: Measure[] = [
    { name: 'no server', about: 'from the wish to join until the greeting is heard', samplesMs: without },
    {
      name: `${SERVERS} servers`,
      about: `the same with ${SERVERS} servers, of which ${HANGING_SERVERS} take the connection and never answer`,
      samplesMs: withMany,
    },
  ];
  const notes = [
    `the process of a conversation with ${SERVERS} servers: ${Math.max(...memoryMb)} MB at most (PSS)`,
  ];
  report('voice-greeting', context, { startedAt, loadBefore, notes, reference: 'no server', measures });
}

async function greet(person: Person, signal: AbortSignal): Promise<{ greetedMs: number; jobMb: number }> {
  const before = Date.now();
  const client = await RoomClient.join(person);
  try {
    const greetedMs = (await client.hearsVoice(0, PATIENCE_MS)) - before;
    await client.hearsSilence(700, PATIENCE_MS);
    return { greetedMs, jobMb: Math.max(...childrenOf(pidOf('worker')).map(memoryMbOf)) };
  } finally {
    await client.leave();
    await sleep(BETWEEN_CONVERSATIONS_MS, undefined, { signal });
  }
}

function memoryMbOf(pid: number): number {
  const [, kb] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
  return Math.round(Number(kb) / 1024);
}

async function measureSlowTool(context: BenchContext): Promise<void> {
  const person = await newPerson('bench-slow');
  await addDemoServer(person, 'clock');
  const client = await RoomClient.join(person);
  const startedAt = new Date();
  const loadBefore = currentLoad();
  const longestMs: number[] = [];
  try {
    await client.waitForActivity('tools', ({ names }) => names.includes('clock__countdown'), 0, PATIENCE_MS);
    await client.hearsVoice(0, PATIENCE_MS);
    for (let call = 0; call < SLOW_CALLS; call += 1) {
      await client.hearsSilence(2_000, PATIENCE_MS);
      const from = client.activity.length;
      const askedAtMs = Date.now();
      await client.type(`Countdown of ${SLOW_CALL_SECONDS} seconds`);
      await client.waitForActivity('tool_call', ({ phase }) => phase === 'finished', from, PATIENCE_MS);
      const answeredAtMs = await client.hearsVoice(Date.now(), PATIENCE_MS);
      const heard = client.loudAtMs.filter((at) => at >= askedAtMs && at <= answeredAtMs);
      const gaps = heard.map((at, index) => at - (heard[index - 1] ?? askedAtMs));
      longestMs.push(Math.max(...gaps));
    }
  } finally {
    await client.leave();
  }
  const name = 'longest silence';
  const about = `between a question and the answer of a tool that takes ${SLOW_CALL_SECONDS} s`;
  const measures = [{ name, about, samplesMs: longestMs }];
  report('voice-silence', context, { startedAt, loadBefore, notes: [], reference: name, measures });
}

function report(
  name: string,
  { say }: BenchContext,
  run: Omit<Parameters<typeof conclude>[0], 'name'>,
): void {
  const result = conclude({ name, ...run }, new Date());
  say(toTable(result));
  say(`written to ${writeResult(result)}`);
}
