/** The health monitor's entry point. */
import { runMonitorProcess } from './process.ts';

await runMonitorProcess();
