import type { ProbeSchedule } from '../../../agent-worker/src/monitor/probes/probe-schedule.ts';

/** The same schedule with every wait divided by `times`, because a test can't wait for minutes. */
export function speedUp(schedule: ProbeSchedule, times: number): ProbeSchedule {
  // The mapping keeps the keys, which the type of Object.fromEntries doesn't express.
  return Object.fromEntries(
    Object.entries(schedule).map(([name, ms]) => [name, Number(ms) / times]),
  ) as unknown as ProbeSchedule;
}
