import type { PhaseTiming, ProbePhase } from '@patchbay/shared/schema/functions';
import type { ServerFormValues } from './form-values.ts';

/** What a connection test found, cut down to what the page shows. */
export type TestOutcome =
  | {
      ok: true;
      phases: PhaseTiming[];
      protocolVersion: string | null;
      serverName: string | null;
      tools: { name: string; title?: string | null; description?: string | null }[];
      skipped: { name: string; reason: string }[];
    }
  | {
      ok: false;
      /** Null when the test itself could not be run. */
      phase: ProbePhase | null;
      message: string;
      hint: string;
      phases: PhaseTiming[];
    };

/** The answer of the form's two buttons. */
export interface ServerFormResult {
  values: ServerFormValues;
  errors?: Record<string, string[]>;
  /** A problem of the whole form. */
  message?: string;
  test?: TestOutcome;
  /** The row exists, even when a later step failed: saving again must change it, not add another. */
  savedId?: string;
  saved?: { id: string; name: string; tone: 'ok' | 'warn'; words: string };
}

/** The order in which phases are shown; the schema's own list would bring all of zod into the page. */
export const PROBE_PHASE_ORDER = [
  'address',
  'connect',
  'authenticate',
  'initialize',
  'list_tools',
] as const satisfies readonly ProbePhase[];

export const PHASE_WORDS: Record<ProbePhase, { done: string; failed: string }> = {
  address: { done: 'Address allowed', failed: 'Address' },
  connect: { done: 'Connected', failed: 'Connecting' },
  authenticate: { done: 'Access granted', failed: 'Authentication' },
  initialize: { done: 'Initialised', failed: 'Initialising' },
  list_tools: { done: 'Tools listed', failed: 'Listing tools' },
};
