import type { Arena } from './arena.ts';
import type { Finding } from './finding.ts';

export interface Attack {
  name: string;
  /** Conversations need a LiveKit server. */
  needsVoice?: boolean;
  /** Memory, survival and service to another tenant are measured by the runner for every attack. */
  run: (arena: Arena) => Promise<Finding[]>;
}
