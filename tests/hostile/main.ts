// Runs the attacks against the stack that PATCHBAY_STACK names:
// node tests/hostile/main.ts [--report=<file for JSON>] [<name of a file in attacks, without .ts> ...]
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runningStack } from '../support/running-stack.ts';
import { writeJson } from '../../local/stack/stack-file.ts';
import type { Attack } from './attack.ts';
import type { Finding } from './finding.ts';
import { Monitor } from './monitor.ts';
import { tableOf, type Row } from './report.ts';
import { runAttack } from './run-attack.ts';
import { Victim } from './victim.ts';

const FOLDER = join(import.meta.dirname, 'attacks');
/** In CI, a busy machine gets a second try, which the log shows. */
const RETRIES = process.env['CI'] === 'true' ? 1 : 0;

const { values, positionals } = parseArgs({
  options: { report: { type: 'string' } },
  allowPositionals: true,
});
const files = readdirSync(FOLDER).map((file) => file.replace(/\.ts$/, ''));
const unknown = positionals.filter((name) => !files.includes(name));
if (unknown.length > 0)
  throw new Error(`unknown attack ${unknown.join(', ')}; there are ${files.join(', ')}`);

const { voice_unavailable: voiceUnavailable } = runningStack();
const monitor = new Monitor();
const victim = await Victim.open(monitor);
const rows: Row[] = [];
for (const name of positionals.length > 0 ? positionals : files) {
  const { attack } = (await import(join(FOLDER, `${name}.ts`))) as { attack: Attack };
  const startedAt = performance.now();
  if (attack.needsVoice && voiceUnavailable !== undefined) {
    rows.push({ attack: attack.name, bound: 'all', measured: voiceUnavailable, outcome: 'skipped' });
    continue;
  }
  let findings = await runAttack(attack, victim, monitor);
  for (let left = RETRIES; left > 0 && brokenOf(findings).length > 0; left -= 1) {
    console.log(`${name}: ${brokenOf(findings).join('; ')}: one more try`);
    findings = await runAttack(attack, victim, monitor);
  }
  rows.push(...findings.map((finding) => rowOf(attack, finding)));
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const broken = brokenOf(findings).length;
  console.log(`${name}: ${broken === 0 ? 'ok' : `${broken} bounds broken`} (${seconds} s)`);
}
await victim.close();
await monitor.close();
console.log(`\n${tableOf(rows)}`);
if (values.report !== undefined) writeJson(values.report, rows);
// LiveKit's native threads keep the process alive.
process.exit(rows.some(({ outcome }) => outcome === 'FAILED') ? 1 : 0);

function brokenOf(findings: readonly Finding[]): string[] {
  return findings.filter(({ isOk }) => !isOk).map(({ bound, measured }) => `${bound} (${measured})`);
}

function rowOf({ name }: Attack, { bound, measured, isOk }: Finding): Row {
  return { attack: name, bound, measured, outcome: isOk ? 'ok' : 'FAILED' };
}
