import { randomUUID } from 'node:crypto';
import { AppError } from '@patchbay/shared/contract/errors';
import { redact } from '@patchbay/shared/contract/json/redact';
import type { Activity, CallDetails } from '@patchbay/shared/contract/schema/activity';
import type { RecordedCall, ToolCallOutcome } from '@patchbay/shared/contract/schema/session';
import type { CallProgress } from '@patchbay/shared/engine/session/connection';
import type { ModelTool } from '../tools/tool-set.ts';
import { type CallOutcome, type CallableLink, settle } from './call-outcome.ts';
import { ProgressThrottle } from './progress-throttle.ts';
import type { ToolLatencies } from './tool-latencies.ts';

/** A tool that the conversation should have, or why it should not. */
export type CurrentTool = ModelTool | 'forbidden' | 'removed';

export interface RecordedCallContext {
  sessionId: string;
  /** The tool as it is now; read for every call, because hints and roles change while the model holds the tool. */
  currentOf: (tool: ModelTool) => CurrentTool;
  linkOf: (serverId: string) => CallableLink | undefined;
  latencies: ToolLatencies;
  onActivity: (activity: Activity) => void;
  onCall: (call: RecordedCall, shown: Pick<CallDetails, 'result' | 'for_user'>) => void;
  onFault: (tool: ModelTool, error: AppError) => void;
  /** Wall clock, ms since 1970. */
  now: () => number;
}

export interface RunningCall {
  /** Never rejects. */
  ending: Promise<CallOutcome>;
  progress: () => CallProgress | null;
  cancel: () => void;
}

export function startCall(
  tool: ModelTool,
  args: Record<string, unknown>,
  context: RecordedCallContext,
): RunningCall {
  const stop = new AbortController();
  let latest: CallProgress | null = null;
  return {
    ending: recordedCall(tool, args, context, {
      signal: stop.signal,
      onProgress: (progress) => (latest = progress),
    }),
    progress: () => latest,
    cancel: () => stop.abort(),
  };
}

/** Whether a second call of this tool does no harm. */
export function isRepeatable(current: CurrentTool): boolean {
  return typeof current === 'object' && current.repeatable;
}

async function recordedCall(
  tool: ModelTool,
  args: Record<string, unknown>,
  context: RecordedCallContext,
  options: { signal: AbortSignal; onProgress: (progress: CallProgress) => void },
): Promise<CallOutcome> {
  const id = randomUUID();
  const startedAt = context.now();
  let queueMs: number | null = null;
  context.onActivity({ type: 'tool_call', id, name: tool.name, phase: 'started' });
  const throttle = new ProgressThrottle(id, context.onActivity);

  const link = context.linkOf(tool.serverId);
  const ending = await settle(tool, link, async () => {
    if (!link) throw new AppError('tool_not_found');
    const current = context.currentOf(tool);
    const refusal = refusalOf(tool, link, current);
    if (refusal) throw refusal;
    return link.call(tool.toolName, args, {
      signal: options.signal,
      onProgress: (progress) => {
        options.onProgress(progress);
        throttle.take(progress);
      },
      repeatable: isRepeatable(current),
      // A model that floods one tool leaves places for the others.
      caller: tool.toolName,
      cacheTtlMs: tool.cacheTtlMs,
      onDequeued: (ms) => (queueMs = ms),
    });
  });

  throttle.stop();
  if (ending.error?.code === 'internal') context.onFault(tool, ending.error);
  const durationMs = context.now() - startedAt;
  if (ending.isTypical) context.latencies.note(tool, durationMs);
  context.onActivity({
    type: 'tool_call',
    id,
    name: tool.name,
    phase: phaseOf(ending.outcome),
    outcome: ending.outcome,
    duration_ms: durationMs,
    ...(ending.error && { error_code: ending.error.code }),
  });
  const record: RecordedCall = {
    id,
    session_id: context.sessionId,
    server_id: tool.serverId,
    tool_name: tool.toolName,
    arguments: redact(args),
    outcome: ending.outcome,
    error_code: ending.error?.code ?? null,
    started_at: new Date(startedAt).toISOString(),
    queue_ms: queueMs === null ? null : Math.round(queueMs),
    duration_ms: Math.round(durationMs),
    result_bytes: ending.resultBytes,
  };
  context.onCall(record, { result: ending.shown, ...(ending.isForUser && { for_user: true }) });
  return ending;
}

/** Why the call is refused, or null. A response keeps the tools that it began with, so they are checked again. */
function refusalOf(tool: ModelTool, link: CallableLink, current: CurrentTool): AppError | null {
  if (typeof current === 'object') return null;
  if (current === 'forbidden') return new AppError('role_too_low');
  if (link.isWithdrawn && link.outage) return link.outage;
  // A tool that its server still offers was switched off by the user.
  const isOffered = link.liveTools?.some(({ name }) => name === tool.toolName);
  return new AppError(isOffered ? 'tool_disabled' : 'tool_not_found');
}

function phaseOf(outcome: ToolCallOutcome): 'finished' | 'failed' | 'cancelled' {
  if (outcome === 'ok') return 'finished';
  return outcome === 'cancelled' ? 'cancelled' : 'failed';
}
