/** How much of what a server sends is stored. The database keeps the same limits (`private.json_bytes`, `private.first_bytes`). */

/** What is stored of a server, in bytes. */
export const STORAGE_LIMITS = {
  instructions: 8 * 1024,
  description: 4 * 1024,
  title: 1024,
  /** Input and output schema of a tool together, as compact JSON. */
  schemas: 64 * 1024,
  annotations: 4 * 1024,
  serverInfo: 8 * 1024,
  capabilities: 8 * 1024,
} as const;

/** Of a number in JSON, as JavaScript writes it. */
const EXPONENT = /\de[+-](\d+)/;
const encoder = new TextEncoder();

/** The bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** The longest start of a text that takes no more than so many bytes in UTF-8; never half a character. */
export function firstBytes(text: string, limit: number): string {
  if (text.length * 3 <= limit) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(limit));
  return read < text.length ? text.slice(0, read) : text;
}

/**
 * The bytes of a value as compact JSON, with numbers written out as PostgreSQL keeps them: `1e300` takes 301 digits.
 * @param value nested no deeper than JSON.stringify can write it
 */
export function jsonBytes(value: unknown): number {
  const json = JSON.stringify(value) ?? '';
  let digits = 0;
  if (EXPONENT.test(json)) {
    const numbers = json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
    for (const [, exponent] of numbers.matchAll(new RegExp(EXPONENT, 'g'))) digits += Number(exponent);
  }
  return bytesOf(json) + digits;
}
