/** One tool of an MCP server as a function tool of the voice model. */
import { randomUUID } from 'node:crypto';
import { llm } from '@livekit/agents';
import { AppError } from '@patchbay/shared/errors';
import type { CallResult } from '@patchbay/shared/mcp/result';
import { redact } from '@patchbay/shared/redact';
import type { Activity } from '@patchbay/shared/schema/activity';
import { outcomeOf, type ToolCallOutcome } from '@patchbay/shared/schema/session';
import type { JSONSchema7 } from 'json-schema';
import type { RecordedCall } from './database.ts';
import type { ServerLink } from './server-link.ts';
import { failureSentence, removedSentence, resultSpeech } from './speech.ts';
import type { ModelTool } from './tool-set.ts';

export interface VoiceToolContext {
  sessionId: string;
  /** Whether the conversation should have this tool now; asked again for every call. */
  isCurrent: (tool: ModelTool) => boolean;
  linkOf: (serverId: string) => Pick<ServerLink, 'call'> | undefined;
  onActivity: (activity: Activity) => void;
  /** `speech`: what the model was given to say. */
  onCall: (call: RecordedCall, speech: string) => void;
  /** A failure that is our own fault, for the log. */
  onFault: (tool: ModelTool, error: AppError) => void;
  /** Wall clock, ms since 1970. */
  now: () => number;
}

/** A function tool whose parameters are JSON Schema. */
export type VoiceTool = Extract<llm.ToolContextEntry, { type: 'function' }>;

/** What came of a call: words for the model, and the bare facts for the record. */
interface Ending {
  outcome: ToolCallOutcome;
  error: AppError | null;
  speech: string;
  resultBytes: number | null;
}

/**
 * Makes the function tool. Its `execute` returns words to speak, or throws a `ToolError` with a sentence
 * that the model can say; each call is recorded and shown from its start to its end.
 */
export function createVoiceTool(tool: ModelTool, context: VoiceToolContext): VoiceTool {
  return llm.tool<unknown, JSONSchema7, string>({
    name: tool.name,
    description: tool.description,
    // A schema from a server is any JSON object; the model is the one to refuse it.
    parameters: tool.parameters,
    // The framework parses the arguments and checks nothing.
    execute: async (args: Record<string, unknown>, { abortSignal }) => {
      const ending = await recordedCall(tool, args, abortSignal, context);
      if (ending.outcome !== 'ok') throw new llm.ToolError(ending.speech);
      return ending.speech;
    },
  });
}

async function recordedCall(
  tool: ModelTool,
  args: Record<string, unknown>,
  signal: AbortSignal,
  context: VoiceToolContext,
): Promise<Ending> {
  const id = randomUUID();
  const startedAt = context.now();
  let queueMs: number | null = null;
  context.onActivity({ type: 'tool_call', id, name: tool.name, phase: 'started' });

  const ending = await endingOf(tool, () => {
    const link = context.linkOf(tool.serverId);
    // A response under way keeps the tools that it began with.
    if (!link || !context.isCurrent(tool)) return null;
    return link.call(tool.toolName, args, {
      signal,
      repeatable: tool.repeatable,
      // A model that floods one tool leaves places for the others.
      caller: tool.toolName,
      cacheTtlMs: tool.cacheTtlMs,
      onDequeued: (ms) => (queueMs = ms),
    });
  });

  if (ending.error?.code === 'internal') context.onFault(tool, ending.error);
  const durationMs = context.now() - startedAt;
  context.onActivity({
    type: 'tool_call',
    id,
    name: tool.name,
    phase: phaseOf(ending.outcome),
    outcome: ending.outcome,
    duration_ms: durationMs,
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
  context.onCall(record, ending.speech);
  return ending;
}

async function endingOf(tool: ModelTool, call: () => Promise<CallResult> | null): Promise<Ending> {
  try {
    const running = call();
    if (!running) {
      const error = new AppError('tool_not_found');
      return { outcome: 'refused', error, speech: removedSentence(tool), resultBytes: null };
    }
    const result = await running;
    return {
      outcome: result.isError ? 'tool_error' : 'ok',
      error: null,
      speech: resultSpeech(result),
      resultBytes: Buffer.byteLength(JSON.stringify(result.raw)),
    };
  } catch (cause) {
    const error = cause instanceof AppError ? cause : new AppError('internal', { cause });
    return { outcome: outcomeOf(error.code), error, speech: failureSentence(tool, error), resultBytes: null };
  }
}

function phaseOf(outcome: ToolCallOutcome): 'finished' | 'failed' | 'cancelled' {
  if (outcome === 'ok') return 'finished';
  return outcome === 'cancelled' ? 'cancelled' : 'failed';
}
