import { describe, expect, it } from 'vitest';
import { describeDiscovery } from './discovery-labels.ts';

describe('describeDiscovery', () => {
  it('count tools and changes', () => {
    const none = { added: [], changed: [], removed: [] };
    expect(describeDiscovery({ ...none, count: 3 })).toBe('3 tools: no changes.');
    expect(describeDiscovery({ ...none, added: ['a'], removed: ['b', 'c'], count: 1 })).toBe(
      '1 tool: 1 added, 2 removed.',
    );
  });
});
