import type {
  PhaseTiming,
  ProbePhase,
  TestConnectionAnswer,
} from '@patchbay/shared/contract/schema/functions';
import type { SkippedTool } from '@patchbay/shared/contract/schema/skipped-tool';
import type { ServerFormValues } from './form-values.ts';
import type { Merge } from './merge.ts';

/** What a connection test found, cut down to what the page shows. */
export type TestOutcome =
  | {
      ok: true;
      phases: PhaseTiming[];
      transport: 'streamable_http' | 'sse';
      protocolVersion: string | null;
      serverName: string | null;
      tools: { name: string; title?: string | null; description?: string | null }[];
      skipped: SkippedTool[];
      /** Tools that will not be stored, because there are too many. */
      overLimit: number;
      /** What is odd about the list of tools as a whole. */
      note: string | null;
    }
  | {
      ok: false;
      /** Null when the test itself could not be run. */
      phase: ProbePhase | null;
      message: string;
      hint: string;
      /** The server refused for want of a credential; which kind it asks for, when it says so. */
      asksFor: 'something' | 'api_key' | 'bearer_token' | 'oauth' | null;
      phases: PhaseTiming[];
    };

/** What the page shows of a finished test. */
export function testOutcome(answer: TestConnectionAnswer): TestOutcome {
  if (!answer.ok) {
    const { ok, phase, message, hint, phases, code, wanted_auth: wanted } = answer;
    const isRefused =
      code === 'unauthorized' ||
      code === 'credential_missing' ||
      (code === 'forbidden' && wanted === 'oauth');
    return { ok, phase, message, hint, phases, asksFor: isRefused ? (wanted ?? 'something') : null };
  }
  return {
    ok: true,
    phases: answer.phases,
    transport: answer.transport,
    protocolVersion: answer.protocol_version,
    serverName: typeof answer.server_info?.name === 'string' ? answer.server_info.name : null,
    tools: answer.tools.map(({ name, title, description }) => ({ name, title, description })),
    skipped: answer.skipped,
    overLimit: answer.over_limit,
    note: answer.note ?? null,
  };
}

/** What the page shows of a test that could not be run. */
export function noTest(message: string, hint = ''): TestOutcome {
  return { ok: false, phase: null, message, hint, phases: [], asksFor: null };
}

/** The answer of the form's two buttons. */
export interface ServerFormResult {
  values: ServerFormValues;
  errors?: Record<string, string[]>;
  /** A problem of the whole form. */
  message?: string;
  test?: TestOutcome;
  /** Somebody else saved meanwhile: nothing is saved yet, and the next save counts from what they saved. */
  merge?: Omit<Merge, 'values'> & { base: string };
  /** The row exists, even when a later step failed: saving again must change it, not add another. */
  savedId?: string;
  saved?: { id: string; name: string; tone: 'ok' | 'warn'; words: string; needsSignIn: boolean };
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
  initialize: { done: 'Initialized', failed: 'Initializing' },
  list_tools: { done: 'Tools listed', failed: 'Listing tools' },
};
