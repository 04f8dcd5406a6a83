import { llm, voice } from '@livekit/agents';
import { withoutExplicitNulls } from '@patchbay/shared/engine/messages/explicit-nulls';
import type { JSONSchema7 } from 'json-schema';
import type { ModelTool } from '../tools/tool-set.ts';
import { type ForegroundEnd, giveUpdates, runInForeground } from './foreground-call.ts';
import { type RecordedCallContext, type RunningCall, isRepeatable, startCall } from './recorded-call.ts';
import { backgroundLine, fillerSentence, interruptedSentence } from './speech.ts';
import type { SpeechScheduler } from './speech-scheduler.ts';

export interface VoiceToolContext extends RecordedCallContext {
  scheduler: SpeechScheduler;
  /** Continues a call in the background; the notice is for the model. */
  toBackground: (callId: string, notice: string | null) => void;
  /** A call begins; `over` resolves when the model has its result or the user has heard it. */
  onRunning: (over: Promise<void>) => void;
}

export type VoiceTool = Extract<llm.ToolContextEntry, { type: 'function' }>;

/**
 * Makes the function tool. Its `execute` returns what to say, or throws a `ToolError` with a sentence that the model can
 * say. The result of a background call follows later through the scheduler.
 */
export function createVoiceTool(tool: ModelTool, context: VoiceToolContext): VoiceTool {
  return llm.tool<unknown, JSONSchema7, string | voice.StopResponse>({
    name: tool.name,
    description: tool.description,
    // A schema from a server is any JSON object; the model rejects what it does not take.
    parameters: tool.parameters,
    // The framework parses the arguments but does not validate them.
    execute: async (given: Record<string, unknown>, { ctx, toolCallId }) => {
      const args = withoutExplicitNulls(given, tool.parameters);
      const { scheduler, latencies } = context;
      const usualMs = latencies.usualMs(tool);
      const call = startCall(tool, args, context);
      const { promise: over, resolve } = Promise.withResolvers<void>();
      context.onRunning(over);
      const end = await runInForeground(call.ending, ctx, {
        scheduler,
        usualMs,
        sentence: (filler) => fillerSentence(filler, tool, { usualMs, progress: call.progress() }),
      });
      if (end !== 'ended') {
        // Sent before the framework requests a reply, or the model would call again for the missing result.
        context.toBackground(toolCallId, end === 'interrupted' ? null : backgroundLine(tool));
        resolve(runInBackground(tool, call, toolCallId, end, ctx.speechHandle, context));
        // The framework sends neither an output nor a reply: the call stays open in the conversation.
        return new voice.StopResponse();
      }
      resolve();
      const ending = await call.ending;
      if (ending.outcome !== 'ok') throw new llm.ToolError(ending.speech);
      return ending.speech;
    },
  });
}

/** A call that the user spoke over is canceled if it may be repeated, and if the user said words. */
async function runInBackground(
  tool: ModelTool,
  call: RunningCall,
  callId: string,
  end: ForegroundEnd,
  response: voice.SpeechHandle,
  { scheduler, currentOf }: Pick<VoiceToolContext, 'scheduler' | 'currentOf'>,
): Promise<void> {
  if (end === 'interrupted' && isRepeatable(currentOf(tool))) {
    const wasCanceled = await scheduler.userTurnAfter(callId, call.ending, () => {
      call.cancel();
      scheduler.closeCall(callId, interruptedSentence(tool));
    });
    if (wasCanceled) return;
  }
  await giveUpdates(call.ending, scheduler, () =>
    fillerSentence('update', tool, { usualMs: null, progress: call.progress() }),
  );
  await scheduler.deliver(callId, (await call.ending).speech, response);
}
