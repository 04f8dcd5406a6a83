import { z } from 'zod';
import type { Rejection, RejectionCause } from '../voice-model.ts';

/** The fields of an `error` event that matter for tools. */
export const ModelError = z.object({
  type: z.string().nullish(),
  code: z.string().nullish(),
  message: z.string(),
  event_id: z.string().nullish(),
  param: z.string().nullish(),
});
export type ModelError = z.infer<typeof ModelError>;

const TEMPORARY = new Set(['server_error', 'rate_limit_error', 'rate_limit_exceeded', 'insufficient_quota']);

/**
 * Classifies a rejection of tools. OpenAI documents the shape of errors and the limits but not the token error: a message
 * about tokens that names no tool is taken for it.
 */
export function classifyRejection({ type, code, message, param }: ModelError): Rejection {
  const toolIndex = toolIndexOf(param);
  const rejection = (cause: RejectionCause): Rejection => ({ cause, message, toolIndex });
  if (TEMPORARY.has(type ?? '') || TEMPORARY.has(code ?? '')) return rejection('temporary');
  if (toolIndex !== null || code === 'invalid_function_parameters') return rejection('definition');
  if (code === 'array_above_max_length') return rejection('too_many_tools');
  if (/\btokens\b/i.test(message)) return rejection('too_many_tokens');
  return rejection('unknown');
}

function toolIndexOf(param: string | null | undefined): number | null {
  const match = /^session\.tools\[(\d+)\]/.exec(param ?? '');
  return match ? Number(match[1]) : null;
}
