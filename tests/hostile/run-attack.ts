import { setTimeout as sleep } from 'node:timers/promises';
import { Arena } from './arena.ts';
import type { Attack } from './attack.ts';
import { holds, type Finding } from './finding.ts';
import type { Monitor } from './monitor.ts';
import { ProcessWatch } from './processes.ts';
import type { Victim } from './victim.ts';

/** Longer means that the product waits somewhere without a timeout. */
const LONGEST_MS = 60_000;

/**
 * Runs one attack. While it lasts, the other tenant is served and every process is watched.
 * @returns its findings and those that are the same for every attack. Never rejects: an attack that breaks is a finding
 */
export async function runAttack(attack: Attack, victim: Victim, monitor: Monitor): Promise<Finding[]> {
  const arena = new Arena(victim, monitor);
  const watch = new ProcessWatch();
  const settled = new AbortController();
  const late = sleep(LONGEST_MS, undefined, { signal: settled.signal }).then(
    () => [holds(`the attack ends within ${LONGEST_MS / 1_000} s`, false)],
    () => [],
  );
  try {
    const own = await Promise.race([attack.run(arena).catch(brokenBy), late]);
    settled.abort();
    return [...own, await victim.isServed(), ...watch.end()];
  } finally {
    settled.abort();
    await arena.end();
  }
}

function brokenBy(error: unknown): Finding[] {
  const text = error instanceof Error ? error.message : String(error);
  return [holds('the attack can be carried out', false, text.slice(0, 300))];
}
