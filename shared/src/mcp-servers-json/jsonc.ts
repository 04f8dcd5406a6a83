/**
 * Parses JSON with comments and trailing commas, as editors keep their settings.
 * @returns the value, or a sentence that quotes nothing of the text
 */
export function parseJsonc(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return {
      ok: true,
      value: JSON.parse(withoutTrailingCommas(withoutComments(text.replace(/^\uFEFF/, '')))),
    };
  } catch {
    // The message of JSON.parse quotes the text, which may hold a key.
    return { ok: false, message: 'a bracket, quote or comma is missing or too many.' };
  }
}

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"`;

function withoutComments(text: string): string {
  const pattern = new RegExp(String.raw`(${STRING})|//[^\n]*|/\*[\s\S]*?\*/`, 'g');
  return text.replaceAll(pattern, (_match, string?: string) => string ?? ' ');
}

function withoutTrailingCommas(text: string): string {
  const pattern = new RegExp(String.raw`(${STRING})|,(?=\s*[}\]])`, 'g');
  return text.replaceAll(pattern, (_match, string?: string) => string ?? '');
}
