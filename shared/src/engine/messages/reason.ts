/** Extracts the reason for an error from a response body, as one line for people and the model. */

const MAX_REASON = 200;
/** Keys of the error text in JSON: JSON-RPC, RFC 9457, RFC 6749, and common frameworks. */
const WORDS = ['message', 'error_description', 'detail', 'msg', 'error', 'title', 'reason', 'errors'];
const MAX_DEPTH = 4;

/**
 * Finds the error text in a response body.
 * @param text of the body: JSON, HTML or plain
 * @returns one line of at most 200 characters without control characters; null when there is no readable text
 */
export function reasonOf(text: string): string | null {
  const body = text.trim();
  const message = messageInJson(body) ?? (body.startsWith('<') ? textInMarkup(body) : body);
  return oneLine(message);
}

/** Cleans and cuts a text. @returns null when no readable character is left */
export function oneLine(text: string): string | null {
  const line = text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\uFFFD]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  const cut = characters.length > MAX_REASON ? `${characters.slice(0, MAX_REASON - 1).join('')}…` : line;
  return /[\p{L}\p{N}]/u.test(cut) ? cut : null;
}

/** Adds the full stop that a server's message may lack at the end of our sentence. */
export function endSentence(text: string): string {
  return /[.!?\u2026]["')\]]?$/.test(text) ? text : `${text}.`;
}

function messageInJson(body: string): string | null {
  if (!/^[[{"]/.test(body)) return null;
  try {
    return messageIn(JSON.parse(body), 0) ?? '';
  } catch {
    return null;
  }
}

function messageIn(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return messageIn(value[0], depth + 1);
  const found = WORDS.map((key) => messageIn((value as Record<string, unknown>)[key], depth + 1));
  return found.find((one) => one !== null) ?? null;
}

/** The title of a page, else its text. */
function textInMarkup(body: string): string {
  const title = /<title[^<>]*>([^<]*)</i.exec(body)?.[1]?.trim();
  const text = title || withoutScripts(body).replaceAll(/<[^<>]*>/g, ' ');
  return text.replaceAll(/&(?:nbsp|#160);/gi, ' ').replaceAll('&quot;', '"').replaceAll(/&(?:#0?39|apos);/g, "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'); // prettier-ignore
}

/** Without scripts and styles; one that is not closed ends where the next one begins. */
function withoutScripts(body: string): string {
  const [before, ...scripts] = body.split(/<(?:script|style)\b/i);
  const after = scripts.map((script) => /<\/(?:script|style)\s*>(.*)$/is.exec(script)?.[1] ?? '');
  return [before, ...after].join(' ');
}
