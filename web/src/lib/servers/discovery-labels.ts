import { formatCount } from '../ui/format-count.ts';

export interface Discovery {
  added: string[];
  changed: string[];
  removed: string[];
  count: number;
}

/** Such as `3 tools: 1 added.` */
export function describeDiscovery(found: Discovery): string {
  const parts = (['added', 'changed', 'removed'] as const)
    .filter((kind) => found[kind].length > 0)
    .map((kind) => `${found[kind].length} ${kind}`);
  return `${formatCount(found.count, 'tool')}: ${parts.length > 0 ? parts.join(', ') : 'no changes'}.`;
}
