import type {
  PhaseTiming,
  ProbePhase,
  TestConnectionAnswer,
} from '@patchbay/shared/contract/schema/functions';
import type { SkippedTool } from '@patchbay/shared/contract/schema/skipped-tool';
import type { ServerFormValues } from './form-values.ts';
import type { Merge } from './merge.ts';

export type TestOutcome =
  | {
      ok: true;
      phases: PhaseTiming[];
      transport: 'streamable_http' | 'sse';
      protocolVersion: string | null;
      serverName: string | null;
      tools: { name: string; title?: string | null; description?: string | null }[];
      skipped: SkippedTool[];
      overLimit: number;
      note: string | null;
    }
  | {
      ok: false;
      /** Null if the test could not run. */
      phase: ProbePhase | null;
      message: string;
      hint: string;
      /** The kind of credential that the server asked for, if it rejected the request. */
      asksFor: 'something' | 'api_key' | 'bearer_token' | 'oauth' | null;
      phases: PhaseTiming[];
    };

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

/** The outcome of a test that could not run. */
export function noTest(message: string, hint = ''): TestOutcome {
  return { ok: false, phase: null, message, hint, phases: [], asksFor: null };
}

export interface ServerFormResult {
  values: ServerFormValues;
  errors?: Record<string, string[]>;
  message?: string;
  test?: TestOutcome;
  /** Someone else saved meanwhile: nothing is saved yet, and the next save is based on their version. */
  merge?: Omit<Merge, 'values'> & { base: string };
  /** The row exists even if a later step failed, so saving again must update it. */
  savedId?: string;
  saved?: { id: string; name: string; tone: 'ok' | 'warn'; words: string; needsSignIn: boolean };
}

/** In display order. The schema's own list would add zod to the page. */
export const PROBE_PHASE_ORDER = [
  'address',
  'connect',
  'authenticate',
  'initialize',
  'list_tools',
] as const satisfies readonly ProbePhase[];

export const PHASE_LABELS: Record<ProbePhase, { done: string; failed: string }> = {
  address: { done: 'Address allowed', failed: 'Address' },
  connect: { done: 'Connected', failed: 'Connecting' },
  authenticate: { done: 'Access granted', failed: 'Authentication' },
  initialize: { done: 'Initialized', failed: 'Initializing' },
  list_tools: { done: 'Tools listed', failed: 'Listing tools' },
};
