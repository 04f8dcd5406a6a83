/**
 * How deep JSON may be nested. JSON.parse takes any depth, but writing, comparing and storing do not: some thousand
 * levels overflow the stack.
 */

/** Of what a server sends; what lies deeper is cut off. */
export const MAX_JSON_DEPTH = 256;
/** What takes the place of a value that lies too deep. */
const CUT = '…';

/** Whether objects and lists are nested deeper than so many levels. Stops at that depth. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(part, levels - 1));
}

/** The value without what lies deeper; the same object when nothing does. */
export function cutDepth(value: unknown, levels: number): unknown {
  return isDeeperThan(value, levels) ? cut(value, levels) : value;
}

function cut(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return CUT;
  if (Array.isArray(value)) return value.map((part) => cut(part, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, cut(part, levels - 1)]));
}
