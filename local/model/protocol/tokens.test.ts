import { describe, expect, it } from 'vitest';
import { addNote, sampleTools } from '../sample-tools.ts';
import { sessionTokens } from './tokens.ts';

describe('the tokens of a session', () => {
  it('are counted with the o200k encoding', () => {
    expect(sessionTokens({ instructions: '', tools: [] })).toBe(0);
    expect(sessionTokens({ instructions: 'You are a helpful assistant.', tools: [] })).toBe(6);
  });

  it('grow with the whole definition of each tool', () => {
    const one = sessionTokens({ instructions: '', tools: [addNote] });
    expect(one).toBeGreaterThan(30);
    const more = { ...addNote, parameters: { ...addNote.parameters, description: 'Buy milk and eggs.' } };
    expect(sessionTokens({ instructions: '', tools: [more] })).toBeGreaterThan(one);
    const sum = sampleTools
      .map((tool) => sessionTokens({ instructions: '', tools: [tool] }))
      .reduce((a, b) => a + b);
    expect(sessionTokens({ instructions: 'Hello', tools: sampleTools })).toBe(sum + 1);
  });

  it('of text that looks like a special token are counted as text', () => {
    expect(sessionTokens({ instructions: '<|endoftext|>', tools: [] })).toBeGreaterThan(1);
  });
});
