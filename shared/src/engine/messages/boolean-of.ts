/** True and false, also as text or number; undefined for what says neither. */
export function booleanOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === 'true' || word === 1) return true;
  return word === 'false' || word === 0 ? false : undefined;
}
