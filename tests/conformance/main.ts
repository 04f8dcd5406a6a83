import { lastLine } from '../run/tally.ts';
import { runConformance } from './run.ts';
import { allSuites } from './suites.ts';

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
process.once('disconnect', () => stopped.abort());
const tally = await runConformance(allSuites(), { say: (text) => console.log(text), signal: stopped.signal });
console.log(lastLine(tally));
process.exitCode = tally.failed === 0 && !stopped.signal.aborted ? 0 : 1;
if (process.connected) process.disconnect();
