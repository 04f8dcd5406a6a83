import type { FinishedSpan } from '@patchbay/shared/engine/tracing/finished-span';
import type { ProbeJob } from '../database.ts';
import type { Examination } from './examine.ts';

/** The span of one look at a server: which one, how long, and what failed; no address, and nothing that it said. */
export function probeSpan(
  { id, workspace_id }: Pick<ProbeJob, 'id' | 'workspace_id'>,
  { result }: Pick<Examination, 'result'>,
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
