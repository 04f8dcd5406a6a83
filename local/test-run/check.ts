/** `npm run check`: format, lint, types, unused code and the walls between rooms. */
import { runChecks } from './checks.ts';
import { lastLine } from './tally.ts';

const tally = await runChecks((text) => console.log(text));
console.log(lastLine(tally));
process.exitCode = tally.failed === 0 ? 0 : 1;
if (process.connected) process.disconnect();
