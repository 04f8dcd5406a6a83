/** What the model says when it rejects an update of its tools, sorted once, here. */
import { z } from 'zod';

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

export type RejectionCause =
  /** One tool's definition; `toolIndex` says which, if the model does. */
  | 'definition'
  | 'too_many_tools'
  | 'too_many_tokens'
  /** The model's own trouble: the same set may be taken a moment later. */
  | 'temporary'
  /** The model names neither a tool nor a limit. */
  | 'unknown';

export interface Rejection {
  cause: RejectionCause;
  /** What the model said. */
  message: string;
  /** The place in the pushed list that the model complains about, when it says so. */
  toolIndex: number | null;
}

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
