import type { Arena } from './arena.ts';
import type { Finding } from './finding.ts';

export interface Attack {
  /** What the attacker does. */
  name: string;
  /** Whether it needs conversations, which need a LiveKit server. */
  needsVoice?: boolean;
  /**
   * Attacks, and returns what it measured itself. What it holds of the memory of each process, of its survival and of
   * the service to another tenant, the runner measures for every attack.
   */
  run: (arena: Arena) => Promise<Finding[]>;
}
