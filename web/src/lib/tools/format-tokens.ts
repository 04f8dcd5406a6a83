/** `9.8k`; below a thousand the number itself. */
export function tokenCount(tokens: number): string {
  return tokens < 1000 ? String(tokens) : `${(tokens / 1000).toFixed(1)}k`;
}

export function formatTokens(tokens: number): string {
  return `≈ ${tokenCount(tokens)} tokens`;
}

export const TOKEN_RULE =
  'Estimated from the names, descriptions and schemas sent to the model. Every token is billed on every turn.';
