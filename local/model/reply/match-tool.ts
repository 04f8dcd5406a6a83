// Scores the words that an utterance shares with the tool's name, values and description.
import { withoutMarks } from './data-marks.ts';
import { paramsOf, type Param } from '../protocol/tool-schema.ts';
import type { Tool } from '../protocol/validate.ts';
import {
  isSameWord,
  isSmallWord,
  nameWords,
  prefixWords,
  singular,
  tokenise,
  verbGroups,
  type Token,
} from './words.ts';

export interface Match {
  tool: Tool;
  points: number;
  head: number[];
}

/** In points; fewer is no match. */
const ENOUGH = 2;

/**
 * The tool that fits best, or undefined when none fits.
 *
 * A tool is a candidate when a noun of its name was said (its verb, where the name is nothing else), or two words of
 * its description. Points: 3 for each noun of the name, 2.5 for its verb, 2 for a verb that asks for the same; -1.5
 * for a verb of the name that was not said, -0.5 for another word of it; 2 for each value of a closed or example list,
 * -0.5 for such a required parameter without one; 1 for numbers where numbers are wanted; 1 for each further word of
 * the description (3 at most); 1 for the server's name. The first of equals wins.
 */
export function matchTool(text: string, tools: Tool[]): Match | undefined {
  const tokens = tokenise(text);
  let best: Match | undefined;
  for (const tool of tools) {
    const match = weigh(tokens, tool);
    if (match && match.points >= ENOUGH && match.points > (best?.points ?? 0)) best = match;
  }
  return best;
}

function weigh(tokens: Token[], tool: Tool): Match | undefined {
  const name = nameWords(tool.name).filter((word, _, all) => all.length === 1 || !isSmallWord(word));
  const nouns = name.filter((word) => verbGroups(word).length === 0);
  const head: number[] = [];
  let nameHits = 0;
  let points = 0;
  for (const word of name) {
    const isVerb = nouns.length > 0 && !nouns.includes(word);
    const found = findWord(tokens, word, head);
    if (found.length === 0) {
      points -= isVerb ? 1.5 : 0.5;
      continue;
    }
    head.push(...found);
    if (!isVerb) nameHits++;
    points += !isVerb ? 3 : tokens[found[0] ?? 0]?.word === word ? 2.5 : 2;
  }
  const described = sharedWords(tokens, withoutMarks(tool.description ?? ''), name);
  if (nameHits === 0 && described < 2) return undefined;
  points += Math.min(3, described) + argumentPoints(tokens, paramsOf(tool.parameters));
  const isServerNamed = prefixWords(tool.name).some((word) => findWord(tokens, word, head).length > 0);
  return { tool, points: points + (isServerNamed ? 1 : 0), head };
}

/** Also as two words ("count down"). */
function findWord(tokens: Token[], word: string, taken: number[]): number[] {
  const free = (n: number) => !taken.includes(n);
  const exact = tokens.findIndex((token, n) => free(n) && singular(token.word) === singular(word));
  if (exact >= 0) return [exact];
  const pair = tokens.findIndex((token, n) => free(n) && token.word + tokens[n + 1]?.word === word);
  if (pair >= 0) return [pair, pair + 1];
  const same = tokens.findIndex((token, n) => free(n) && isSameWord(token.word, word));
  return same >= 0 ? [same] : [];
}

function argumentPoints(tokens: Token[], params: Param[]): number {
  let points = 0;
  let left = tokens;
  for (const param of params) {
    const listed = findListed(left, param);
    if (listed) {
      points += 2;
      left = left.toSpliced(listed.from, listed.to - listed.from);
    } else if (param.required && param.choices.length + param.examples.length > 0) points -= 0.5;
  }
  if (params.some(isNumeric) && left.some((token) => isNumber(token.word))) points += 1;
  return points;
}

function sharedWords(tokens: Token[], description: string, name: string[]): number {
  const words = new Set(tokenise(description).map((token) => singular(token.word)));
  const said = new Set(tokens.map((token) => singular(token.word)));
  let count = 0;
  for (const word of said) {
    if (isSmallWord(word) || word.length < 3 || verbGroups(word).length > 0 || isNumber(word)) continue;
    if (words.has(word) && !name.some((part) => singular(part) === word)) count++;
  }
  return count;
}

export function isNumeric(param: Param): boolean {
  return (param.type === 'number' || param.type === 'integer') && param.choices.length === 0;
}

export function isNumber(word: string): boolean {
  return /^-?\d/.test(word);
}

export interface Listed {
  value: unknown;
  from: number;
  to: number;
}

/**
 * The value of the parameter's lists (`enum`, else `examples`) that was said. Of several, the one after the
 * parameter's own name ("from Berlin") comes first, then the earliest, then the longest.
 * Of a value with slashes the last piece is enough: "tokyo" finds `Asia/Tokyo`.
 */
export function findListed(tokens: Token[], param: Param): Listed | undefined {
  const listed = param.choices.length > 0 ? param.choices : param.examples;
  const name = nameWords(param.name);
  const isNamed = ({ from }: Listed) => name.includes(tokens[from - 1]?.word ?? '');
  const found = listed.flatMap((value) => {
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    return spokenForms(value).flatMap((words) =>
      findRuns(tokens, words).map((from): Listed => ({ value, from, to: from + words.length })),
    );
  });
  found.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)) || a.from - b.from || b.to - a.to);
  return found[0];
}

/** The word lists by which a listed value may be named, the whole one first. */
export function spokenForms(value: string | number): string[][] {
  const whole = tokenise(splitCase(String(value))).map((token) => token.word);
  const last = tokenise(splitCase(String(value).split('/').at(-1) ?? '')).map((token) => token.word);
  return [whole, last].filter((words, n) => words.length > 0 && (n === 0 || words.length < whole.length));
}

function splitCase(text: string): string {
  return text.replace(/_/g, ' ').replace(/([a-z])([A-Z0-9])/g, '$1 $2');
}

function findRuns(tokens: Token[], words: string[]): number[] {
  return tokens.flatMap((_, at) =>
    words.every((word, n) => singular(tokens[at + n]?.word ?? '') === singular(word)) ? [at] : [],
  );
}
