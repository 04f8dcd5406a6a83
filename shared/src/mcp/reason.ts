/** What a server says about its refusal, in a line that people and the model may read. */

const MAX_REASON = 200;
/** Where JSON says in words what is wrong: JSON-RPC, RFC 9457, RFC 6749, and what frameworks do by themselves. */
const WORDS = ['message', 'error_description', 'detail', 'msg', 'error', 'title', 'reason', 'errors'];
const MAX_DEPTH = 4;

/**
 * The words in the body of an error response.
 * @param text of the body: JSON, HTML or plain
 * @returns one line of at most 200 characters without control characters; null when nothing readable is there
 */
export function reasonOf(text: string): string | null {
  const body = text.trim();
  const words = wordsInJson(body) ?? (body.startsWith('<') ? wordsInMarkup(body) : body);
  return oneLine(words);
}

/** @returns null when no readable character is left */
export function oneLine(text: string): string | null {
  const line = text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\uFFFD]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  const cut = characters.length > MAX_REASON ? `${characters.slice(0, MAX_REASON - 1).join('')}…` : line;
  return /[\p{L}\p{N}]/u.test(cut) ? cut : null;
}

function wordsInJson(body: string): string | null {
  if (!/^[[{"]/.test(body)) return null;
  try {
    return wordsIn(JSON.parse(body), 0) ?? '';
  } catch {
    return null;
  }
}

function wordsIn(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return wordsIn(value[0], depth + 1);
  const found = WORDS.map((key) => wordsIn((value as Record<string, unknown>)[key], depth + 1));
  return found.find((words) => words !== null) ?? null;
}

/** The title of a page, else its text. */
function wordsInMarkup(body: string): string {
  const title = /<title[^>]*>([^<]*)</i.exec(body)?.[1]?.trim();
  const text = title || body.replaceAll(/<(script|style)\b.*?<\/\1\s*>/gis, ' ').replaceAll(/<[^>]*>/g, ' ');
  return text.replaceAll(/&(?:nbsp|#160);/gi, ' ').replaceAll('&quot;', '"').replaceAll(/&(?:#0?39|apos);/g, "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'); // prettier-ignore
}
