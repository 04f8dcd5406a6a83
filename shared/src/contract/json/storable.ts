/** What can be stored of what a stranger says: PostgreSQL takes no NUL and no half of a surrogate pair in text or JSON. */

/** As JSON writes what cannot be stored. It may also find the text of such an escape, which costs a pass and no more. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/i;

/**
 * The value with a replacement character for each that cannot be stored.
 * @param json the value as JSON, where the caller has it
 */
export function storable<T>(value: T, json = JSON.stringify(value)): T {
  return UNSTORABLE.test(json) ? (cleaned(value) as T) : value;
}

/** Whether a text can be stored as it is. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return cleanedText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [cleanedText(key), cleaned(part)]));
}

function cleanedText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
