// `npm run deploy:supabase -- [project reference] [--dry-run] [--yes]`: confirm each step, or all with `--yes`.
// Needs `npx supabase login` or SUPABASE_ACCESS_TOKEN.
import { createInterface } from 'node:readline/promises';
import { runStep } from './cli.ts';
import { describeStep, planDeployment, type Step } from './supabase-steps.ts';

const words = process.argv.slice(2);
const isDry = words.includes('--dry-run');
const isSure = words.includes('--yes');
const unknown = words.filter((word) => word.startsWith('-') && word !== '--dry-run' && word !== '--yes');
const plan = planDeployment(
  process.env,
  words.find((word) => !word.startsWith('-')),
);

if (unknown.length > 0) tell([`There is no option ${unknown.join(', ')}.`]);
else if (!plan.ok) tell(plan.problems);
else {
  for (const note of plan.notes) console.log(note);
  if (!(await deploy(plan.steps))) process.exitCode = 1;
}
if (process.connected) process.disconnect();

function tell(problems: string[]): void {
  for (const problem of problems) console.error(problem);
  process.exitCode = 2;
}

async function deploy(steps: readonly Step[]): Promise<boolean> {
  for (const [index, step] of steps.entries()) {
    console.log(`\n${index + 1}/${steps.length} ${describeStep(step)}`);
    if (isDry) continue;
    if (!isSure && !(await isConfirmed())) {
      console.log('Stopped here. What was done stays; the command may be run again.');
      return false;
    }
    const code = await runStep(step);
    if (code !== 0) {
      console.error(
        `That step ended with ${code}. Mend it and run the command again: what is done is not done twice.`,
      );
      return false;
    }
  }
  console.log(isDry ? '\nNothing was done.' : '\nDeployed. `npm run doctor` tells whether all of it works.');
  return true;
}

async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('  do it? [y/N] ').finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim());
}
