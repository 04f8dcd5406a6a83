import { type AppError, type ErrorCode, describeError } from '@patchbay/shared/errors';
import type { CallResult } from '@patchbay/shared/mcp/result';
import type { ModelTool } from './tool-set.ts';

/** Codes that speak of the tool itself, or of what it was asked; all others speak of its server. */
const ABOUT_THE_TOOL = new Set<ErrorCode>(['tool_not_found', 'tool_disabled', 'invalid_arguments']);

/** What the model is told when a call failed: one sentence that it can say to the user as it is. */
export function failureSentence(tool: ModelTool, error: AppError): string {
  const { speech } = describeError(error.code);
  if (error.code === 'cancelled') return 'The call was cancelled.';
  if (error.code === 'invalid_arguments') return `The tool ${tool.toolName} ${speech}. ${error.message}`;
  if (ABOUT_THE_TOOL.has(error.code)) return `The tool ${tool.toolName} ${speech}.`;
  return `The ${tool.serverName} server ${speech}.`;
}

/** For a tool whose server left the conversation while the model was still asking for it. */
export function removedSentence(tool: ModelTool): string {
  return `The ${tool.serverName} server was removed from this conversation.`;
}

/** What the model is told of an answer; of one that only stands in, how old it is. */
export function resultSpeech({ speech, cached }: CallResult): string {
  if (!cached?.isStale) return speech;
  return `${speech}\n[The server does not answer at the moment. This answer is ${ageInWords(cached.ageMs)} old; say so.]`;
}

function ageInWords(ageMs: number): string {
  const seconds = Math.max(1, Math.round(ageMs / 1_000));
  if (seconds < 90) return `${seconds} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}
