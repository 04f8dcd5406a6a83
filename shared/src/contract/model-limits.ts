/** What one session of a voice model accepts. */
export interface ModelLimits {
  /** Function tools. */
  tools: number;
  /** Tokens of the instructions and the tools together. */
  tokens: number;
}

/** From OpenAI's reference of the Realtime API ("tools") and its notes on the general release ("16,384 tokens"). */
const OPENAI_REALTIME: ModelLimits = { tools: 128, tokens: 16_384 };

/** Models by the beginning of their names; the first that fits counts. */
const LIMITS: readonly (readonly [prefix: string, limits: ModelLimits])[] = [
  ['gpt-realtime', OPENAI_REALTIME],
];

/** What counts for a model that is not in the table, or not known yet. */
export const DEFAULT_LIMITS = OPENAI_REALTIME;

export function modelLimits(model: string): ModelLimits {
  return LIMITS.find(([prefix]) => model.startsWith(prefix))?.[1] ?? DEFAULT_LIMITS;
}
