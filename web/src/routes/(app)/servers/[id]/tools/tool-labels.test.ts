import { describe, expect, it } from 'vitest';
import { toolBadges } from './tool-labels.ts';

const words = (...args: Parameters<typeof toolBadges>) => toolBadges(...args).map(({ word }) => word);

describe('the badges of a tool', () => {
  const claims = { annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: true } };

  it('do not call a tool read-only when the server is not trusted', () => {
    expect(words(claims, { trusts_hints: false })).toEqual(['write', 'open world']);
    expect(toolBadges(claims, { trusts_hints: false })[0]?.title).toMatch(/aren't trusted/);
    expect(words(claims, { trusts_hints: true })).toEqual(['read-only', 'open world']);
  });

  it('warn of destructive tools, even from an untrusted server', () => {
    const tool = { annotations: { destructiveHint: true, readOnlyHint: true } };
    expect(words(tool, { trusts_hints: false })).toEqual(['destructive']);
  });

  it('show the access that the workspace set', () => {
    const [badge] = toolBadges({ access: 'read' }, { trusts_hints: false });
    expect(badge).toMatchObject({ word: 'read-only', title: 'Set in this workspace.' });
  });
});
