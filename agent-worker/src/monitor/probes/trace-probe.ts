import type { FinishedSpan } from '@patchbay/shared/engine/tracing/finished-span';
import type { ProbeJob } from '../database.ts';
import type { ProbeOutcome } from './prober.ts';

/** The span of one probe: server, duration and failure; no address, and nothing from the server. */
export function probeSpan(
  { id, workspace_id }: Pick<ProbeJob, 'id' | 'workspace_id'>,
  { result }: Pick<ProbeOutcome, 'result'>,
  { context, startedAtMs, endedAtMs }: Pick<FinishedSpan, 'context' | 'startedAtMs' | 'endedAtMs'>,
): FinishedSpan {
  return {
    name: 'probe',
    kind: 'client',
    context,
    startedAtMs,
    endedAtMs,
    attributes: {
      'patchbay.server.id': id,
      'patchbay.workspace.id': workspace_id,
      ...(!result.ok && { 'error.type': result.code, 'patchbay.phase': result.phase }),
    },
    isError: !result.ok,
  };
}
