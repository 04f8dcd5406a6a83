/** Classifies the error with which the model rejects an update of its tools. */
import { z } from 'zod';
import type { Rejection, RejectionCause } from '../voice-model.ts';

/** The `error` of an error event, as far as it matters for tools. */
export const ModelError = z.object({
  type: z.string().nullish(),
  code: z.string().nullish(),
  message: z.string(),
  event_id: z.string().nullish(),
  /** Such as `session.tools[3].name`. */
  param: z.string().nullish(),
});
export type ModelError = z.infer<typeof ModelError>;

const TEMPORARY = new Set(['server_error', 'rate_limit_error', 'rate_limit_exceeded', 'insufficient_quota']);

/**
 * Sorts the error that answers an update of tools. OpenAI documents the shape of errors and the limits, but no
 * wording of the one about tokens: a message that speaks of tokens and names no tool is taken for it.
 */
export function classifyRejection({ type, code, message, param }: ModelError): Rejection {
  const toolIndex = toolIndexOf(param);
  const sorted = (cause: RejectionCause): Rejection => ({ cause, message, toolIndex });
  if (TEMPORARY.has(type ?? '') || TEMPORARY.has(code ?? '')) return sorted('temporary');
  if (toolIndex !== null || code === 'invalid_function_parameters') return sorted('definition');
  if (code === 'array_above_max_length') return sorted('too_many_tools');
  if (/\btokens\b/i.test(message)) return sorted('too_many_tokens');
  return sorted('unknown');
}

function toolIndexOf(param: string | null | undefined): number | null {
  const match = /^session\.tools\[(\d+)\]/.exec(param ?? '');
  return match ? Number(match[1]) : null;
}
