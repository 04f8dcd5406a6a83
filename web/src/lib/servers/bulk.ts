/** Changes to many servers at once; only the tag changes use `tag`. */
export const BULK_CHANGES = ['activate', 'deactivate', 'add_tag', 'remove_tag'] as const;
export type BulkChange = (typeof BULK_CHANGES)[number];

export const MAX_TAGS = 20;

interface Changeable {
  is_active: boolean;
  tags: string[];
}

/** The patch for one server; null if it already is as wanted. */
export function planChange(server: Changeable, change: BulkChange, tag: string): Partial<Changeable> | null {
  switch (change) {
    case 'activate':
      return server.is_active ? null : { is_active: true };
    case 'deactivate':
      return server.is_active ? { is_active: false } : null;
    case 'add_tag':
      return server.tags.includes(tag) || server.tags.length >= MAX_TAGS
        ? null
        : { tags: [...server.tags, tag] };
    case 'remove_tag':
      return server.tags.includes(tag) ? { tags: server.tags.filter((one) => one !== tag) } : null;
  }
}
