/** Whether structured content says again what the text beside it says. */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../../contract/json/json-object.ts';

/**
 * Servers often repeat structured content as JSON in a text, for older clients. Some wrap what is no object in
 * `{"result": …}`, and write each element of a list into a text of its own.
 */
export function repeatsInText(structured: unknown, texts: readonly string[]): boolean {
  const values = texts.map(parsed);
  return [structured, ...unwrapped(structured)].some(
    (value) => [...texts, ...values].some((one) => isSame(one, value)) || isSame(values, value),
  );
}

function isSame(one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    // Nested too deeply to be compared.
    return false;
  }
}

function unwrapped(structured: unknown): unknown[] {
  if (!isJsonObject(structured)) return [];
  const keys = Object.keys(structured);
  return keys.length === 1 && keys[0] === 'result' ? [structured.result] : [];
}

/** The value that a text is the JSON of, or else the text itself. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
