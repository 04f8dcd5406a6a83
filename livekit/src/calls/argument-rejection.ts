/** What the model gets when a tool rejects its arguments: enough to correct them, without paths and codes. */
import { asData, plainName } from '@patchbay/shared/engine/tools/untrusted-text';

/** Messages of the validators behind MCP servers (the SDKs, Zod, Pydantic, Ajv), which report a result without a code. */
const REJECTION =
  /-32602|\binvalid (arguments?|params|parameters?|input)\b|\b(input|argument|schema) validation\b|\bvalidation errors? for\b|"code":\s*"(invalid_|unrecognized_keys|too_)|\b(must have|missing) required (property|argument|parameter)\b|\bunexpected keyword argument\b/i;
const KEYWORDS = new Set([
  'properties',
  'items',
  'type',
  'required',
  'enum',
  'anyOf',
  'oneOf',
  'allOf',
  'arguments',
  'params',
  'data',
  'instance',
]);
const LONGEST = 400;

/** Whether the text of a failed result is about the arguments. */
export function isArgumentRejection(text: string): boolean {
  return REJECTION.test(text.slice(0, 2_000));
}

/**
 * @param reason from Patchbay's own check or from the server
 * @param quote marks it as data
 */
export function argumentRejection(
  toolName: string,
  reason: string,
  quote: (words: string) => string = asData,
): string {
  const plain = withoutPaths(reason);
  const sentence = /[.!?\u2026]$/.test(plain) ? plain : `${plain}.`;
  return `The call to ${plainName(toolName)} was rejected because of its arguments. ${quote(sentence)} Correct them and call the tool again, or ask the user for what is missing; do not read this out loud.`;
}

/** Replaces paths into a schema or a document by the names of arguments. */
export function withoutPaths(message: string): string {
  const text = (issuesIn(message) ?? message)
    .replace(/For further information visit \S+/gi, '')
    .replace(/\[type=[^\]]*\]/g, '')
    // `#/properties/limit/type`, `data/limit`
    .replace(/(?<![\w/])(?:#|data|instance|arguments|params)((?:\/[\w~%-]+)+)\/?/g, (_all, path: string) =>
      named(path.split('/')),
    )
    // `/limit must be integer`
    .replace(/(?<!\S)((?:\/[\w~%-]+)+)(?=:? must | is | should |:)/g, (_all, path: string) =>
      named(path.split('/')),
    )
    // `$.limit`, `params.arguments.limit`
    .replace(/(?<![\w$])(?:\$|params|arguments)((?:\.\w+|\[\d+\])+)/g, (_all, path: string) =>
      named(path.split(/[.[\]]/)),
    )
    .replace(/(?<!\w)#:?(?=\s)/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function named(parts: string[]): string {
  const name = parts.filter((part) => part !== '' && !KEYWORDS.has(part)).join('.');
  return name ? `"${name}"` : 'the arguments';
}

/** Zod's issues in a message, as text. */
function issuesIn(message: string): string | null {
  const start = message.indexOf('[');
  if (start < 0) return null;
  try {
    const issues: unknown = JSON.parse(message.slice(start, message.lastIndexOf(']') + 1));
    if (!Array.isArray(issues)) return null;
    const words = issues.flatMap(issueInWords);
    return words.length > 0 ? words.join('; ') : null;
  } catch {
    return null;
  }
}

function issueInWords(issue: unknown): string[] {
  if (typeof issue !== 'object' || issue === null || !('message' in issue)) return [];
  const path =
    'path' in issue && Array.isArray(issue.path)
      ? issue.path.map(String).filter((part) => !KEYWORDS.has(part))
      : [];
  return [path.length > 0 ? `"${path.join('.')}": ${String(issue.message)}` : String(issue.message)];
}
