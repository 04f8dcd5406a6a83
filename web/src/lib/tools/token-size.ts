import type { McpToolRow } from '@patchbay/shared/schema/tool';

/** How many characters of JSON make a token, about; exact counts differ with the model. */
const CHARACTERS_PER_TOKEN = 4;

export const TOKEN_RULE = `Estimated: ${CHARACTERS_PER_TOKEN} characters of its name, description and schema are about a token.`;

/** What a tool takes of the model's context in every conversation, estimated in tokens. */
export function tokenSize(
  tool: Pick<McpToolRow, 'name' | 'description' | 'input_schema'>,
  slug: string,
): number {
  const told = {
    type: 'function',
    name: `${slug}__${tool.name}`,
    description: tool.description ?? '',
    parameters: tool.input_schema,
  };
  return Math.ceil(JSON.stringify(told).length / CHARACTERS_PER_TOKEN);
}

export function tokenWords(tokens: number): string {
  return tokens < 1000 ? `≈ ${tokens} tokens` : `≈ ${(tokens / 1000).toFixed(1)}k tokens`;
}
