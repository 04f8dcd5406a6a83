/** One tool of an MCP server as a function tool of the voice model. */
import { randomUUID } from 'node:crypto';
import { llm, voice } from '@livekit/agents';
import { AppError } from '@patchbay/shared/contract/errors';
import type { CallProgress } from '@patchbay/shared/engine/session/connection';
import { withoutExplicitNulls } from '@patchbay/shared/engine/messages/explicit-nulls';
import { type CallResult, hasContentForUser, shownResult } from '@patchbay/shared/engine/calls/result';
import { redact } from '@patchbay/shared/contract/json/redact';
import type { Activity, CallDetails } from '@patchbay/shared/contract/schema/activity';
import { outcomeOf, type ToolCallOutcome } from '@patchbay/shared/contract/schema/session';
import type { JSONSchema7 } from 'json-schema';
import { ProgressThrottle } from './progress-throttle.ts';
import type { RecordedCall } from '@patchbay/shared/contract/schema/session';
import type { SpeechScheduler } from './speech-scheduler.ts';
import { type ForegroundEnd, giveUpdates, runInForeground } from './foreground-call.ts';
import type { ServerLink } from '../servers/server-link.ts';
import {
  backgroundLine,
  failureSentence,
  interruptedSentence,
  removedSentence,
  resultSpeech,
  fillerSentence,
  stillAwaySentence,
} from './speech.ts';
import type { ToolLatencies } from './tool-latencies.ts';
import type { ModelTool } from '../tools/tool-set.ts';

/** What a call needs of the link to its server. */
export type CallableLink = Pick<ServerLink, 'call' | 'outage' | 'tellOutage' | 'isGone' | 'liveTools'>;

/** A tool that the conversation should have, or why it should not. */
export type CurrentTool = ModelTool | 'forbidden' | 'gone';

export interface VoiceToolContext {
  sessionId: string;
  /** The tool as it is now; asked again for every call, because hints and roles change while the model holds it. */
  currentOf: (tool: ModelTool) => CurrentTool;
  linkOf: (serverId: string) => CallableLink | undefined;
  scheduler: SpeechScheduler;
  latencies: ToolLatencies;
  /** Puts one system line into the model's conversation. */
  tell: (line: string) => void;
  /** A call begins; `over` resolves when the model has its result, or the user has heard it. */
  onRunning: (over: Promise<void>) => void;
  onActivity: (activity: Activity) => void;
  /** A call ended; what its page shows of it. */
  onCall: (call: RecordedCall, shown: Pick<CallDetails, 'result' | 'for_user'>) => void;
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
  /** What the page shows of it. */
  shown: string;
  /** Whether the server sent something for the user that the model does not get. */
  isForUser: boolean;
  resultBytes: number | null;
  /** Whether the time that it took says something about the next call. */
  isTypical: boolean;
}

/** A call under way. */
interface RunningCall {
  /** What came of it; never rejects. */
  ending: Promise<Ending>;
  /** The last that the server told of its progress. */
  progress: () => CallProgress | null;
  /** Ends it with `cancelled`; the server is told. */
  cancel: () => void;
}

/**
 * Makes the function tool. Its `execute` returns words to speak, or throws a `ToolError` with a sentence
 * that the model can say; the result of a background call follows later, by the scheduler.
 * Each call is recorded and shown from its start to its end.
 */
export function createVoiceTool(tool: ModelTool, context: VoiceToolContext): VoiceTool {
  return llm.tool<unknown, JSONSchema7, string | voice.StopResponse>({
    name: tool.name,
    description: tool.description,
    // A schema from a server is any JSON object; the model is the one to refuse it.
    parameters: tool.parameters,
    // The framework parses the arguments and checks nothing.
    execute: async (given: Record<string, unknown>, { ctx, toolCallId }) => {
      const args = withoutExplicitNulls(given, tool.parameters);
      const { scheduler, latencies } = context;
      const usualMs = latencies.usualMs(tool);
      const call = begin(tool, args, context);
      const { promise: over, resolve } = Promise.withResolvers<void>();
      context.onRunning(over);
      const end = await runInForeground(call.ending, ctx, {
        scheduler,
        usualMs,
        sentence: (filler) => fillerSentence(filler, tool, { usualMs, progress: call.progress() }),
      });
      if (end !== 'ended') {
        // Before the framework asks for a reply: the model would call again for the result that it misses.
        if (end !== 'interrupted') context.tell(backgroundLine(tool));
        resolve(runInBackground(tool, call, toolCallId, end, ctx.speechHandle, context));
        // Neither an output nor a reply from the framework: the call stays open in the conversation.
        return new voice.StopResponse();
      }
      resolve();
      const ending = await call.ending;
      if (ending.outcome !== 'ok') throw new llm.ToolError(ending.speech);
      return ending.speech;
    },
  });
}

/**
 * The user speaking over a call cancels it, where calling again does no harm: what was said may want
 * something else. A cough does not, and neither does talk after the handover.
 */
async function runInBackground(
  tool: ModelTool,
  call: RunningCall,
  callId: string,
  end: ForegroundEnd,
  response: voice.SpeechHandle,
  { scheduler, currentOf }: Pick<VoiceToolContext, 'scheduler' | 'currentOf'>,
): Promise<void> {
  if (end === 'interrupted' && isRepeatable(currentOf(tool))) {
    const wasCancelled = await scheduler.userTurn(callId, call.ending, () => {
      call.cancel();
      scheduler.answer(callId, interruptedSentence(tool));
    });
    if (wasCancelled) return;
  }
  await giveUpdates(call.ending, scheduler, () =>
    fillerSentence('update', tool, { usualMs: null, progress: call.progress() }),
  );
  await scheduler.deliver(callId, (await call.ending).speech, response);
}

function begin(tool: ModelTool, args: Record<string, unknown>, context: VoiceToolContext): RunningCall {
  const stop = new AbortController();
  let progress: CallProgress | null = null;
  return {
    ending: recordedCall(tool, args, context, {
      signal: stop.signal,
      onProgress: (news) => (progress = news),
    }),
    progress: () => progress,
    cancel: () => stop.abort(),
  };
}

async function recordedCall(
  tool: ModelTool,
  args: Record<string, unknown>,
  context: VoiceToolContext,
  options: { signal: AbortSignal; onProgress: (progress: CallProgress) => void },
): Promise<Ending> {
  const id = randomUUID();
  const startedAt = context.now();
  let queueMs: number | null = null;
  context.onActivity({ type: 'tool_call', id, name: tool.name, phase: 'started' });
  const teller = new ProgressThrottle(id, context.onActivity);

  const link = context.linkOf(tool.serverId);
  const ending = await endingOf(tool, link, async () => {
    if (!link) throw new AppError('tool_not_found');
    const current = context.currentOf(tool);
    const refusal = refusalOf(tool, link, current);
    if (refusal) throw refusal;
    return link.call(tool.toolName, args, {
      signal: options.signal,
      onProgress: (progress) => {
        options.onProgress(progress);
        teller.hear(progress);
      },
      repeatable: isRepeatable(current),
      // A model that floods one tool leaves places for the others.
      caller: tool.toolName,
      cacheTtlMs: tool.cacheTtlMs,
      onDequeued: (ms) => (queueMs = ms),
    });
  });

  teller.stop();
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

/**
 * Why the conversation does not make this call any more; null when it does. A response under way keeps the
 * tools that it began with, so they are looked at once more when it calls one.
 */
function refusalOf(tool: ModelTool, link: CallableLink, current: CurrentTool): AppError | null {
  if (typeof current === 'object') return null;
  if (current === 'forbidden') return new AppError('role_too_low');
  if (link.isGone && link.outage) return link.outage;
  // What its server still offers, the user has switched off.
  const isOffered = link.liveTools?.some(({ name }) => name === tool.toolName);
  return new AppError(isOffered ? 'tool_disabled' : 'tool_not_found');
}

function isRepeatable(current: CurrentTool): boolean {
  return typeof current === 'object' && current.repeatable;
}

async function endingOf(
  tool: ModelTool,
  link: CallableLink | undefined,
  call: () => Promise<CallResult>,
): Promise<Ending> {
  try {
    const result = await call();
    return {
      outcome: result.isError ? 'tool_error' : 'ok',
      error: null,
      speech: resultSpeech(tool, result),
      shown: shownResult(result),
      isForUser: hasContentForUser(result.raw),
      resultBytes: bytesOf(result.raw),
      isTypical: !result.cached,
    };
  } catch (cause) {
    const error = cause instanceof AppError ? cause : new AppError('internal', { cause });
    const outcome = outcomeOf(error.code);
    const [speech, shown] = link
      ? failureWords(tool, link, error)
      : [removedSentence(tool), removedSentence(tool)];
    return {
      outcome,
      error,
      speech,
      shown: error.code === 'invalid_arguments' ? error.message : shown,
      isForUser: false,
      resultBytes: null,
      isTypical: outcome === 'timeout',
    };
  }
}

/** The size of an answer's content; without writing it out again, which takes long where it is large. */
function bytesOf({ content, structuredContent }: CallResult['raw']): number {
  const texts = (content ?? []).map((block) => {
    if (block.type === 'text') return block.text;
    if (block.type === 'image' || block.type === 'audio') return block.data;
    return JSON.stringify(block);
  });
  if (structuredContent !== undefined) texts.push(JSON.stringify(structuredContent));
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/**
 * For the model and for the page. An outage is explained once; after that it is enough to say that it goes on. What the
 * user has to do is said again.
 */
function failureWords(tool: ModelTool, link: CallableLink, error: AppError): [string, string] {
  const isOutage = outcomeOf(error.code) === 'unavailable' && error.retryable && link.outage !== null;
  if (isOutage && link.tellOutage()) return [stillAwaySentence(tool), stillAwaySentence(tool)];
  return [failureSentence(tool, error), failureSentence(tool, error, (words) => words)];
}

function phaseOf(outcome: ToolCallOutcome): 'finished' | 'failed' | 'cancelled' {
  if (outcome === 'ok') return 'finished';
  return outcome === 'cancelled' ? 'cancelled' : 'failed';
}
