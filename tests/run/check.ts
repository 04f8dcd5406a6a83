import { GROUPS, runChecks } from './checks.ts';
import { lastLine } from './tally.ts';

const named = process.argv.slice(2);
const groups = GROUPS.filter((group) => named.length === 0 || named.includes(group));
const unknown = named.filter((name) => !GROUPS.some((group) => group === name));
if (unknown.length > 0) {
  console.error(`unknown check ${unknown.join(', ')}; there are ${GROUPS.join(', ')}`);
  process.exitCode = 2;
} else {
  const tally = await runChecks((text) => console.log(text), groups);
  console.log(lastLine(tally));
  process.exitCode = tally.failed === 0 ? 0 : 1;
}
if (process.connected) process.disconnect();
