import { describe, expect, it } from 'vitest';
import { toolBadges } from './tool-labels.ts';

const words = (...args: Parameters<typeof toolBadges>) => toolBadges(...args).map(({ word }) => word);

describe('the badges of a tool', () => {
  const claims = { annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: true } };

  it('promise nothing on the word of a server that is not trusted', () => {
    expect(words(claims, { trusts_hints: false })).toEqual(['writes', 'reaches out']);
    expect(toolBadges(claims, { trusts_hints: false })[0]?.title).toMatch(/not trusted/);
    expect(words(claims, { trusts_hints: true })).toEqual(['read-only', 'reaches out']);
  });

  it('warn of what destroys, on anybody’s word', () => {
    const tool = { annotations: { destructiveHint: true, readOnlyHint: true } };
    expect(words(tool, { trusts_hints: false })).toEqual(['destructive']);
  });

  it('show what the workspace set, and say so', () => {
    const [badge] = toolBadges({ access: 'read' }, { trusts_hints: false });
    expect(badge).toMatchObject({ word: 'read-only', title: 'Set in this workspace.' });
  });
});
