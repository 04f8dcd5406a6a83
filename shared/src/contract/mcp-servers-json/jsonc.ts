import stripJsonComments from 'strip-json-comments';

/**
 * Parses JSON with comments and trailing commas, as editors keep their settings.
 * @returns the value, or a sentence that quotes nothing of the text
 */
export function parseJsonc(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    const json = stripJsonComments(text.replace(/^\uFEFF/, ''), { trailingCommas: true });
    return { ok: true, value: JSON.parse(json) };
  } catch {
    // The message of JSON.parse quotes the text, which may hold a key.
    return { ok: false, message: 'a bracket, quote or comma is missing or extra.' };
  }
}
