import { RETRY_MS } from '../../../agent-worker/src/monitor/deliveries.ts';
import { PROBE_SCHEDULE } from '../../../agent-worker/src/monitor/probes/probe-schedule.ts';
import { runMonitorProcess } from '../../../agent-worker/src/monitor/process.ts';
import { speedUp } from './speed-up.ts';

const speed = Number(process.env['MONITOR_SPEED']);
await runMonitorProcess({
  schedule: speedUp(PROBE_SCHEDULE, speed),
  retryMs: RETRY_MS.map((ms) => ms / speed),
});
