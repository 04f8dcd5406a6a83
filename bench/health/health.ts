import { simulate, type Figures as Simulated } from '../../agent-worker/src/monitor/testing/simulation.ts';
import { openHealthProject } from '../../tests/e2e/health/project.ts';
import type { BenchContext } from '../bench.ts';
import { startProcess } from '../engine/engine-process.ts';
import type { InUse } from './health-in-use.ts';
import { measureProbes, type ProbeFigures } from './health-probes.ts';
import { measureAbsence, type Absence } from './health-absence.ts';
import { writeResult } from '../report.ts';
import { withStack } from '../stack.ts';
import { median } from '../statistics.ts';

const SHOWN_TARGET_MS = 75_000;
const BACK_TARGET_MS = 30_000;
const IN_USE_TARGET_MS = 2_000;
const TARGET_RATIO = 0.9;
const WEEK_S = 7 * 86_400;

/** @throws Error if a server was probed by two monitors, or not at all, or an invariant breaks in the simulation */
export async function run(context: BenchContext): Promise<void> {
  const { say } = context;
  const startedAt = new Date();
  let figures: ProbeFigures & Absence;
  const project = await openHealthProject();
  try {
    figures = {
      ...(await measureProbes(project, context)),
      ...(await measureAbsence(project, context)),
    };
  } finally {
    await project.close();
  }
  const inUse = await measureInUse(context);
  say('simulating 10000 servers for 7 days (a minute or two)');
  const simulatedAt = performance.now();
  const simulation = simulate({ servers: 10_000, seconds: WEEK_S, monitors: 5, seed: 7 });
  const simulationMs = Math.round(performance.now() - simulatedAt);
  tell({ ...figures, ...inUse, simulation, simulationMs }, say);
  const result = {
    name: 'health',
    started_at: startedAt.toISOString(),
    ...{ ...figures, ...inUse, simulation, simulationMs },
  };
  say(`written to ${writeResult(result)}`);
}

async function measureInUse(context: BenchContext): Promise<InUse | { shownMs: null }> {
  let measured: InUse | { shownMs: null } = { shownMs: null };
  await withStack(context, async (stack) => {
    if (stack.voice_unavailable !== undefined) return context.say(`no call: ${stack.voice_unavailable}`);
    context.say('servers are killed in the middle of calls');
    const process = await startProcess<InUse, never>('health-in-use.ts', []);
    measured = process.first;
    await process.stop();
  });
  return measured;
}

type Figures = ProbeFigures &
  Absence & { shownMs: number[] | null; simulation: Simulated; simulationMs: number };

function tell(figures: Figures, say: (text: string) => void): void {
  const { monitorPerSecond, loopPerSecond, memoryMb, kills, downMs, backMs, shownMs } = figures;
  // Other load affects both of a round alike.
  const ratio = median(monitorPerSecond.map((rate, round) => rate / (loopPerSecond[round] ?? rate)));
  say(`probes a second: ${median(monitorPerSecond).toFixed(0)} of the monitor, database and all;`);
  say(`  ${median(loopPerSecond).toFixed(0)} of the bare client in a loop`);
  say(`  ${ratio.toFixed(2)} x (target ${TARGET_RATIO}: ${ratio >= TARGET_RATIO ? 'met' : 'MISSED'})`);
  say(
    `memory of the monitor: ${memoryMb.toFixed(0)} MB; connections between two probes: ${figures.connections}`,
  );
  say(`two of three monitors killed in the middle: all servers were probed after ${seconds(kills.tookMs)};`);
  say(
    `  ${kills.again} were being probed and were probed again, none before ${seconds(kills.soonestMs ?? 0)}`,
  );
  say(`killed while nobody talks: shown as down after ${against(downMs, SHOWN_TARGET_MS)}`);
  say(`started again: shown as connected after ${against(backMs, BACK_TARGET_MS)}`);
  if (shownMs)
    say(
      `killed in the middle of a call: shown as down ${against(Math.max(...shownMs), IN_USE_TARGET_MS)} later`,
    );
  say(`simulation, in ${seconds(figures.simulationMs)}: ${JSON.stringify(figures.simulation)}`);
}

function against(ms: number, targetMs: number): string {
  return `${seconds(ms)} (target ${seconds(targetMs)}: ${ms <= targetMs ? 'met' : 'MISSED'})`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
