import { findListed, isNumber, isNumeric, type Listed, type Match } from './match-tool.ts';
import { paramsOf, type Param } from '../protocol/tool-schema.ts';
import { nameWords, singular, tokenise, type Token } from './words.ts';

export type Filled = { ok: true; args: Record<string, unknown> } | { ok: false; missing: Param };

const words = (line: string) => new Set(line.split(' '));
const LEADS = words(
  'in for to of at on about with from by into as like called named titled saying says said that',
);
const FILLERS = words('is it are be there now a an the this which reads');
/** Words that may follow an example without starting free text. */
const TAILS = words('please now right today then thanks thank you and between');

/**
 * Fills each parameter by the first of these that holds: a fixed value (`const`); `name: value` in the text; for lists,
 * a value that was said; for numbers, the next one that was said, or the one beside the parameter's name; for booleans,
 * its name, or yes and no; for text, what stands in quotation marks, an example that was said, what follows a colon,
 * and what follows the tool's name and a leading word ("in", "for", "called"). An array takes several of these. An
 * optional parameter stays out when nothing points at it; a required one falls back on its `default`, then on false
 * for a boolean and on an empty object or array.
 *
 * @param text the utterance in its own spelling
 * @returns the arguments, or the first required parameter that nothing was said for
 */
export function fillArguments(text: string, match: Match): Filled {
  const params = paramsOf(match.tool.parameters);
  const said = readSaid(text, match.head, params);
  const args: Record<string, unknown> = {};
  for (const param of params) {
    const value = valueFor(param, said);
    if (value !== undefined) args[param.name] = value;
    else if (param.required) return { ok: false, missing: param };
  }
  return { ok: true, args };
}

interface Said {
  params: Param[];
  tokens: Token[];
  quotes: string[];
  named: Map<string, string>;
  /** `lead` says how surely it is meant: after a colon, after a leading word, or neither. */
  rest: { text: string; lead: 'colon' | 'word' | 'none' };
}

const NO_REST: Said['rest'] = { text: '', lead: 'none' };

function readSaid(text: string, head: number[], params: Param[]): Said {
  const tokens = tokenise(text);
  return {
    params,
    tokens: tokens.filter((_, n) => !head.includes(n)),
    quotes: [...text.matchAll(/"([^"]+)"|“([^”]+)”/g)].map((found) => found[1] ?? found[2] ?? ''),
    named: namedValues(text, params),
    rest: restAfter(text, tokens, head),
  };
}

/** Where two or more names were said, the colon may be missing: "with title Shopping and text milk". */
function namedValues(text: string, params: Param[]): Map<string, string> {
  const find = (among: Param[], separator: string) =>
    among
      .flatMap((param) => {
        const name = nameWords(param.name).join('[\\s_-]*');
        const found = name ? new RegExp(`\\b${name}${separator}\\s*`, 'i').exec(text) : null;
        return found ? [{ name: param.name, from: found.index, to: found.index + found[0].length }] : [];
      })
      .sort((a, b) => a.from - b.from);
  const texts = params.filter((param) => param.type === 'string' && param.choices.length === 0);
  const bare = find(texts, '(?:\\s*[:=]|\\s)');
  const marks = bare.length > 1 ? bare : find(params, '\\s*[:=]');
  return new Map(
    marks.map((mark, n) => {
      const value = text.slice(mark.to, marks[n + 1]?.from);
      return [mark.name, tidy(value.replace(/[\s,;]+(?:and|with)?\s*$/, ''))];
    }),
  );
}

function restAfter(text: string, tokens: Token[], head: number[]): Said['rest'] {
  const colon = /:\s+(\S[^]*)$/.exec(text);
  if (colon) return { text: tidy(colon[1] ?? ''), lead: 'colon' };
  let lead: Said['rest']['lead'] = 'none';
  let at = Math.max(-1, ...head) + 1;
  for (; at < tokens.length; at++) {
    const { word = '' } = tokens[at] ?? {};
    if (LEADS.has(word)) lead = 'word';
    else if (!FILLERS.has(word)) break;
  }
  const first = tokens[at];
  return first ? { text: tidy(text.slice(first.start)), lead } : NO_REST;
}

function tidy(text: string): string {
  return text.trim().replace(/^["“]|["”]$/g, '').replace(/[.?!]+$/, '').trim(); // prettier-ignore
}

function valueFor(param: Param, said: Said): unknown {
  if (param.constant !== undefined) return param.constant;
  const named = said.named.get(param.name);
  const found = named
    ? spokenValue({ ...param, required: true }, textAlone(named, param))
    : spokenValue(param, said);
  if (found !== undefined || !param.required) return found;
  if (param.default !== undefined) return param.default;
  if (param.type === 'boolean') return false;
  if (param.type === 'array') return param.items?.type === 'string' ? undefined : [];
  return param.type === 'object' && !param.properties.some((inner) => inner.required) ? {} : undefined;
}

function textAlone(text: string, param: Param): Said {
  return {
    params: [param],
    tokens: tokenise(text),
    quotes: [],
    named: new Map(),
    rest: { text, lead: 'colon' },
  };
}

function spokenValue(param: Param, said: Said): unknown {
  if (param.type === 'array') return spokenArray(param, said);
  if (param.choices.length > 0) {
    const listed = findListed(said.tokens, param);
    return listed && take(listed, said);
  }
  if (isNumeric(param)) return spokenNumber(param, said);
  if (param.type === 'boolean') return spokenBoolean(param, said);
  if (param.type === 'object') return spokenObject(param, said);
  return spokenText(param, said);
}

function take(listed: Listed, said: Said): unknown {
  said.tokens = said.tokens.toSpliced(listed.from, listed.to - listed.from);
  return listed.value;
}

function spokenNumber(param: Param, said: Said): number | undefined {
  const names = (one: Param, at: number) =>
    nameWords(one.name).some((word) =>
      [said.tokens[at - 1], said.tokens[at + 1]].some(
        (token) => token && singular(token.word) === singular(word),
      ),
    );
  const fits = said.tokens.flatMap(({ word }, at) =>
    isNumber(word) && (param.type !== 'integer' || Number.isInteger(Number(word))) ? [at] : [],
  );
  const others = said.params.filter((one) => one.name !== param.name);
  const at =
    fits.find((place) => names(param, place)) ??
    fits.find((place) => !others.some((other) => isNumeric(other) && names(other, place)));
  if (at === undefined) return undefined;
  return Number(said.tokens.splice(at, 1)[0]?.word);
}

function spokenBoolean(param: Param, said: Said): boolean | undefined {
  const spoken = said.tokens.map((token) => token.word);
  const name = nameWords(param.name).filter((word) => !/^(is|has|include|with|use|enable)$/.test(word));
  const at = spoken.findIndex((word) => name.some((part) => singular(part) === singular(word)));
  if (at >= 0) return !spoken.slice(Math.max(0, at - 3), at).some((word) => /^(without|no|not)$/.test(word));
  if (!param.required) return undefined;
  if (spoken.some((word) => /^(yes|true|on)$/.test(word))) return true;
  return spoken.some((word) => /^(no|false|off)$/.test(word)) ? false : undefined;
}

function spokenText(param: Param, said: Said): string | undefined {
  const quote = said.quotes.shift();
  if (quote !== undefined) return quote;
  const { text, lead } = said.rest;
  const listed = lead === 'colon' ? findListed(tokenise(text), param) : findListed(said.tokens, param);
  if (listed && lead === 'colon')
    return listed.from === 0 && listed.to === tokenise(text).length ? String(listed.value) : text;
  if (listed && isAllThatWasSaid(listed, param, said)) {
    said.rest = NO_REST; // what is left of the sentence was looked at: it holds examples of others, or nothing
    return String(take(listed, said));
  }
  if (!text || (lead === 'none' && !param.required)) return undefined;
  said.rest = NO_REST;
  return text;
}

/** "buy milk" is the whole note in "add a note buy milk please", but not in "add a note buy milk and eggs". */
function isAllThatWasSaid(listed: Listed, param: Param, said: Said): boolean {
  let after = said.tokens.slice(listed.to);
  for (const other of said.params) {
    const found = other === param ? undefined : findListed(after, other);
    if (found) after = after.toSpliced(found.from, found.to - found.from);
  }
  const isShared = after.length < said.tokens.length - listed.to;
  return after.every(
    ({ word }) =>
      isNumber(word) ||
      FILLERS.has(word) ||
      LEADS.has(word) ||
      (TAILS.has(word) && (word !== 'and' || isShared)),
  );
}

function spokenArray(param: Param, said: Said): unknown[] | undefined {
  const { items } = param;
  if (!items) return undefined;
  if (isNumeric(items)) {
    const numbers = said.tokens.filter(({ word }) => isNumber(word)).map(({ word }) => Number(word));
    said.tokens = said.tokens.filter(({ word }) => !isNumber(word));
    return numbers.length > 0 ? numbers : undefined;
  }
  const one = { ...items, examples: [...items.examples, ...param.examples.flat()] };
  const found: unknown[] = [];
  for (let listed = findListed(said.tokens, one); listed; listed = findListed(said.tokens, one)) {
    found.push(take(listed, said));
  }
  if (found.length > 0) return found;
  if (said.quotes.length > 0) return said.quotes.splice(0);
  if (items.type !== 'string' || items.choices.length > 0) return undefined;
  const text = spokenText({ ...items, required: param.required }, said);
  return text?.split(/\s*,\s*(?:and\s+)?|\s+and\s+/).filter(Boolean);
}

function spokenObject(param: Param, said: Said): Record<string, unknown> | undefined {
  if (!param.required) return undefined;
  const inside: Record<string, unknown> = {};
  for (const inner of param.properties) {
    const value = valueFor(inner, said);
    if (value !== undefined) inside[inner.name] = value;
    else if (inner.required) return undefined;
  }
  return inside;
}
