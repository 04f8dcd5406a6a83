// `npm run doctor` checks the deployment that the environment names, or the local stack. It only reads; prints no secret.
// Exit code 0: no problems; 1: problems; 2: nothing to check.
import { join } from 'node:path';
import { LocalSecrets, SECRETS_FILE } from '../../local/stack/secrets.ts';
import { readJson, readStack } from '../../local/stack/stack-file.ts';
import { DEFAULT_DATA_DIR } from '../../local/stack/supervisor.ts';
import { runChecks } from './run-checks.ts';
import { linesOf } from './finding.ts';
import { readExpected, subjectOf, subjectOfStack, type Subject } from './subject.ts';

function findSubject(env: NodeJS.ProcessEnv): Subject | null {
  const expected = readExpected();
  if (env['SUPABASE_URL']) return subjectOf(env, expected);
  const stack = readStack(DEFAULT_DATA_DIR);
  if (!stack) return null;
  const secrets = LocalSecrets.safeParse(readJson(join(DEFAULT_DATA_DIR, SECRETS_FILE))).data;
  return subjectOfStack(stack, secrets?.secretsKeys, env, expected);
}

function conclusion(failures: number, warnings: number): string {
  if (failures === 0 && warnings === 0) return 'No problems found.';
  const counts = { failed: failures, 'will fail soon': warnings };
  return `${Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')}.`;
}

const subject = findSubject(process.env);
if (subject === null) {
  console.error(
    'No stack is running here. Start one with npm start, or set SUPABASE_URL and the other variables.',
  );
  process.exitCode = 2;
} else {
  const findings = await runChecks(subject);
  for (const line of linesOf(findings)) console.log(line);
  const count = findings.filter(({ state }) => state === 'failed').length;
  const warnings = findings.filter(({ state }) => state === 'warning').length;
  console.log(conclusion(count, warnings));
  process.exitCode = count === 0 ? 0 : 1;
}
// The client of Realtime keeps timers for ten seconds after it was closed.
process.exit();
