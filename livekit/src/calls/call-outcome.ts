import { AppError } from '@patchbay/shared/contract/errors';
import { type ToolCallOutcome, outcomeOf } from '@patchbay/shared/contract/schema/session';
import { type CallResult, hasContentForUser, shownResult } from '@patchbay/shared/engine/calls/result';
import type { ServerLink } from '../servers/server-link.ts';
import type { ModelTool } from '../tools/tool-set.ts';
import { failureSentence, removedSentence, resultSpeech, stillAwaySentence } from './speech.ts';

export type CallableLink = Pick<ServerLink, 'call' | 'outage' | 'reportOutage' | 'isWithdrawn' | 'liveTools'>;

export interface CallOutcome {
  outcome: ToolCallOutcome;
  error: AppError | null;
  speech: string;
  shown: string;
  /** Whether the server sent content for the user that the model does not get. */
  isForUser: boolean;
  resultBytes: number | null;
  /** Whether the duration counts for later calls. */
  isTypical: boolean;
}

/** Makes the call; never rejects. */
export async function settle(
  tool: ModelTool,
  link: CallableLink | undefined,
  call: () => Promise<CallResult>,
): Promise<CallOutcome> {
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
      ? failureSentences(tool, link, error)
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

function bytesOf({ content, structuredContent }: CallResult['raw']): number {
  const texts = (content ?? []).map((block) => {
    if (block.type === 'text') return block.text;
    if (block.type === 'image' || block.type === 'audio') return block.data;
    return JSON.stringify(block);
  });
  if (structuredContent !== undefined) texts.push(JSON.stringify(structuredContent));
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function failureSentences(tool: ModelTool, link: CallableLink, error: AppError): [string, string] {
  const isOutage = outcomeOf(error.code) === 'unavailable' && error.retryable && link.outage !== null;
  if (isOutage && link.reportOutage()) return [stillAwaySentence(tool), stillAwaySentence(tool)];
  return [failureSentence(tool, error), failureSentence(tool, error, (words) => words)];
}
