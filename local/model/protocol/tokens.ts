import { countTokens as count } from 'gpt-tokenizer/encoding/o200k_base';
import type { Tool } from './validate.ts';

/** "The session instructions plus tools can have a maximum length of 16,384 tokens" (OpenAI's notes on the GA API). */
export const MAX_SESSION_TOKENS = 16_384;

/**
 * Tokens of the instructions and tools together, with the encoding of OpenAI's current models (o200k).
 *
 * OpenAI does not say how it renders a tool for the model. Each one counts here as its compact JSON, which is a little
 * more than the TypeScript-like declarations that its chat models read: what fits here fits there.
 */
export function sessionTokens({ instructions, tools }: { instructions: string; tools: Tool[] }): number {
  return tools.reduce((sum, tool) => sum + toolTokens(tool), countTokens(instructions));
}

/** Special tokens count as text, because instructions and descriptions come from strangers. */
const countTokens = (text: string): number => count(text, { disallowedSpecial: new Set() });

function toolTokens({ name, description, parameters }: Tool): number {
  return countTokens(JSON.stringify({ name, description, parameters }));
}
