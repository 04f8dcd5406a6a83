import { describe, expect, it } from 'vitest';
import { discoveryWords } from './discovery-labels.ts';

describe('discoveryWords', () => {
  it('count tools and changes', () => {
    const none = { added: [], changed: [], removed: [] };
    expect(discoveryWords({ ...none, count: 3 })).toBe('3 tools: no changes.');
    expect(discoveryWords({ ...none, added: ['a'], removed: ['b', 'c'], count: 1 })).toBe(
      '1 tool: 1 added, 2 removed.',
    );
  });
});
