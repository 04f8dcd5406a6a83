/** An `author` is none, an `authorization` is one. */
const SECRET_KEY =
  /passw|passphrase|secret|token|api[-_ ]?key|private[-_ ]?key|auth(?!or(?!iz))|credential|cookie|cvv|(^|[^a-z])(pass|pin)([^a-z]|$)/i;
const STRING_LIMIT = 200;
const ENTRY_LIMIT = 20;
const DEPTH_LIMIT = 4;

/**
 * Arguments of a call as they may be stored and shown: values under keys that look like secrets are
 * replaced, long texts and lists are cut, and what lies too deep is left out.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string')
    return value.length > STRING_LIMIT
      ? `${value.slice(0, STRING_LIMIT)}… (${value.length} characters)`
      : value;
  if (value === null || typeof value !== 'object') return value;
  if (depth >= DEPTH_LIMIT) return '…';
  if (Array.isArray(value)) {
    const kept = value.slice(0, ENTRY_LIMIT).map((entry) => redact(entry, depth + 1));
    return value.length > ENTRY_LIMIT ? [...kept, `… (${value.length} entries)`] : kept;
  }
  const entries = Object.entries(value);
  const kept = entries
    .slice(0, ENTRY_LIMIT)
    .map(([key, inner]) => [key, SECRET_KEY.test(key) ? '[redacted]' : redact(inner, depth + 1)]);
  return Object.fromEntries(
    entries.length > ENTRY_LIMIT ? [...kept, ['…', `${entries.length} entries`]] : kept,
  );
}
