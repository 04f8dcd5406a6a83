import { withoutMarks, wordsAround } from './data-marks.ts';
import { inWords, nameWords } from './words.ts';

export interface Output {
  output: string;
  toolName: string;
}

/** In characters. */
const LONGEST = 420;

/**
 * What to say of an output.
 *
 * @param output as the conversation holds it: the text itself, or the text as a JSON string, or JSON; the tool's name
 *   is for outputs that hold nothing to say
 */
export function answerFrom({ output, toolName }: Output): string {
  const whole = withoutQuotes(output);
  const text = withoutData(flatten(parsed(withoutMarks(whole)), 0))
    .replace(/\s+/g, ' ')
    .trim();
  const name = inWords(nameWords(toolName));
  if (!text) return `Done: ${name}.`;
  // Meant for the model only; a real one would correct its call.
  if (wordsAround(whole).includes('do not read this out loud'))
    return `I could not do that: ${name} did not accept my request.`;
  return shorten(text);
}

/** Structured content is a line of its own after the text, and isn't read aloud. */
function withoutData(text: string): string {
  const words = text.split('\n').filter((line) => !isData(line));
  return words.join('\n').trim() === '' ? text : words.join('\n');
}

function isData(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

/** LiveKit Agents passes a tool's text as a JSON string; other clients send it bare. */
function withoutQuotes(output: string): string {
  const value = parsed(output);
  return typeof value === 'string' ? value : output;
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' || typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}

function flatten(value: unknown, depth: number): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return '';
  if (depth > 3) return '';
  if (Array.isArray(value))
    return value
      .map((one) => flatten(one, depth + 1))
      .filter(Boolean)
      .join(', ');
  return Object.entries(value)
    .map(([key, inner]) => [inWords(nameWords(key)), flatten(inner, depth + 1)])
    .filter(([, said]) => said)
    .map(([key, said]) => `${key}: ${said}`)
    .join(', ');
}

function shorten(text: string): string {
  if (text.length <= LONGEST) return text;
  const head = text.slice(0, LONGEST);
  const end = Math.max(head.lastIndexOf('. ') + 1, head.lastIndexOf(', '), LONGEST / 2);
  return `${head.slice(0, end).replace(/[\s,.]+$/, '')}, and more.`;
}
