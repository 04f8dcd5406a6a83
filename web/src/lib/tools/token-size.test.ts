import { expect, it } from 'vitest';
import { tokenSize, tokenWords } from './token-size.ts';

it('counts what the model is told, and nothing else', () => {
  const tool = { name: 'add', description: 'Adds.', input_schema: { type: 'object' } };
  const told = '{"type":"function","name":"math__add","description":"Adds.","parameters":{"type":"object"}}';
  expect(tokenSize(tool, 'math')).toBe(Math.ceil(told.length / 4));
  expect(tokenSize({ ...tool, description: null }, 'math')).toBeLessThan(tokenSize(tool, 'math'));
});

it('says it shortly', () => {
  expect([999, 1234].map(tokenWords)).toEqual(['≈ 999 tokens', '≈ 1.2k tokens']);
});
