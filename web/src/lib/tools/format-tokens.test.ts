import { expect, it } from 'vitest';
import { formatTokens } from './format-tokens.ts';

it('abbreviates numbers of tokens', () => {
  expect([999, 1234, 16_384].map(formatTokens)).toEqual(['≈ 999 tokens', '≈ 1.2k tokens', '≈ 16.4k tokens']);
});
