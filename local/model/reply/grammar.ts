// Small on purpose: a large grammar is recognized less accurately.
import type { Phrase } from '../../speech/automaton.ts';
import { createGrammar, type Grammar } from '../../speech/hear.ts';
import { withoutMarks } from './data-marks.ts';
import { isNumeric, spokenForms } from './match-tool.ts';
import { SMALL_TALK_SENTENCES } from './small-talk.ts';
import { paramsOf, type Param } from '../protocol/tool-schema.ts';
import type { Tool } from '../protocol/validate.ts';
import {
  inWords,
  isSameWord,
  isSmallWord,
  nameWords,
  numberInWords,
  singular,
  tokenise,
  verbGroups,
} from './words.ts';

export interface Hearable {
  grammar: Grammar;
  sentences: string[];
}

const SHOWING = ['show me', 'tell me', 'what is', 'what are', 'get', 'list', 'read'];
const SHOWN = ['the', 'my', 'all', ''];
const NUMBERS = [
  3, 5, 10, 2, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 25, 30, 40, 50, 60, 90, 100, 1, 0,
];
const MOST_VALUES = 40;
const LONGEST_VALUE_WORDS = 4;
const MOST_FORMER_HEARD = 16;
/** Parameters whose name is said after their number: "for ten seconds". */
const UNITS = ['seconds', 'minutes', 'hours', 'days', 'weeks', 'percent', 'degrees', 'people', 'times'];

/**
 * @param tools live tools: their sentences are heard and offered
 * @param formerTools tools that are gone: still heard, so that the model can say so, but not offered
 */
export function hearableFrom(tools: Tool[], formerTools: Tool[]): Hearable {
  const live = tools.filter(isHarmless).map(phrasesOf);
  const gone = formerTools.filter(isHarmless).slice(-MOST_FORMER_HEARD).map(phrasesOf);
  const phrases = [...live, ...gone].flatMap((tool) => tool.phrases);
  const talk: Phrase[] = SMALL_TALK_SENTENCES.map((sentence) => [[sentence]]);
  const grammar = createGrammar([...talk, ...phrases]);
  const unsayable = new Set(grammar.skipped.map(({ word }) => word));
  const samples = live.flatMap(({ sample }) =>
    sample.split(' ').some((word) => unsayable.has(word)) ? [] : [sample],
  );
  return { grammar, sentences: [...new Set([...samples, ...SMALL_TALK_SENTENCES.slice(0, 3)])] };
}

/** Destructive tools must be typed, because a misheard sentence can't be undone. */
function isHarmless(tool: Tool): boolean {
  return !nameWords(tool.name).some((word) => isSameWord(word, 'delete'));
}

function phrasesOf(tool: Tool): { phrases: Phrase[]; sample: string } {
  const command = commandOf(nameWords(tool.name), withoutMarks(tool.description ?? ''));
  const slots = argumentSlots(paramsOf(tool.parameters), command.lead);
  return {
    phrases: command.patterns.flatMap((pattern) => slots.variants.map((slot) => [...pattern, ...slot])),
    sample: [command.sample, slots.sample].join(' ').trim(),
  };
}

interface Command {
  patterns: Phrase[];
  sample: string;
  lead: string;
}

function commandOf(words: string[], description: string): Command {
  const first = inWords(words.slice(0, 1));
  if (verbGroups(first).length === 0) return nounCommand(words, description);
  const object = inWords(words.slice(1));
  if (!object) return { patterns: [[[first]]], sample: first, lead: '' };
  if (isSameWord(first, 'show')) {
    const verbs = [...new Set([first, ...SHOWING])];
    const asked = first !== 'get' ? first : /s$/.test(object) ? 'what are' : 'what is';
    return { patterns: [[verbs, SHOWN, [object]]], sample: `${asked} the ${object}`, lead: 'for' };
  }
  const isAdding = isSameWord(first, 'add');
  const one = /^[aeiou]/.test(object) ? 'an' : 'a';
  const article = isSmallWord(words[1] ?? '') ? '' : isAdding && !/s$/.test(object) ? one : 'the';
  const articles = [...new Set([article, ''])];
  const lead = isAdding ? '' : 'for';
  const sample = [first, article, object].filter(Boolean).join(' ');
  return { patterns: [[[first], articles, [object]]], sample, lead };
}

function nounCommand(words: string[], description: string): Command {
  const noun = inWords(words);
  if (!noun) return { patterns: [], sample: '', lead: '' };
  const plain: Phrase = [['what is', 'tell me', 'show me', 'get', 'run', 'use', ''], ['the', ''], [noun]];
  const last = words.at(-1) ?? '';
  // English has its own form for these: "what time is it", "what day is it".
  if (['time', 'day', 'date', 'month', 'year'].includes(last)) {
    return { patterns: [[[`what ${last} is it`]], plain], sample: `what ${last} is it`, lead: 'in' };
  }
  const told = tokenise(description)[0]?.word ?? '';
  const isTold = isSameWord(singular(told), 'show');
  return { patterns: [plain], sample: `${isTold ? 'tell me' : 'run'} the ${noun}`, lead: 'for' };
}

function argumentSlots(params: Param[], lead: string): { variants: Phrase[]; sample: string } {
  const hearable = params
    .map((param) => ({ param, values: valuesOf(param) }))
    .filter(({ values }) => values.length > 0);
  const required = hearable.filter(({ param }) => param.required);
  const optional = hearable.filter(({ param }) => !param.required).slice(0, 2);
  const slots = (list: typeof hearable): Phrase =>
    list.flatMap(({ param, values }, n) => {
      const unit = unitOf(param);
      return [leadsTo(param, n, list.length, lead), values, ...(unit ? [[unit, '']] : [])];
    });
  const variants = [required, ...optional.map((_, n) => [...required, ...optional.slice(0, n + 1)])].map(
    slots,
  );
  const sample = required.flatMap(({ param, values }, n) => [
    leadsTo(param, n, required.length, lead)[0],
    values[n % values.length],
    unitOf(param),
  ]);
  return { variants, sample: sample.filter(Boolean).join(' ') };
}

/** Few, because each makes the others harder to recognize. */
function leadsTo(param: Param, place: number, count: number, lead: string): string[] {
  const name = param.name.toLowerCase();
  if (['from', 'to', 'in', 'for', 'with', 'at', 'by'].includes(name))
    return [name, place === 0 ? 'between' : 'and'];
  if (place > 0) return ['and', ''];
  if (isNumeric(param)) return count > 1 ? ['of', ''] : ['for', 'of', ''];
  if (PLACES.some((word) => name.includes(word))) return ['in', ''];
  return [...new Set([lead, ''])];
}

function unitOf(param: Param): string {
  return isNumeric(param) && UNITS.includes(param.name) ? param.name : '';
}

const PLACES = ['city', 'location', 'country', 'place', 'zone', 'room', 'folder', 'region'];

function valuesOf(param: Param): string[] {
  if (isNumeric(param)) {
    const { minimum = -Infinity, maximum = Infinity } = param;
    const examples = param.examples.filter((value) => typeof value === 'number');
    return [...new Set([...examples, ...NUMBERS])]
      .filter((number) => number >= minimum && number <= maximum)
      .map(numberInWords);
  }
  const listed = param.choices.length > 0 ? param.choices : param.examples;
  const values = listed.flatMap((value) =>
    typeof value === 'string' || typeof value === 'number' ? [spoken(value)] : [],
  );
  return [...new Set(values)]
    .filter((value) => value && value.split(' ').length <= LONGEST_VALUE_WORDS)
    .slice(0, MOST_VALUES);
}

function spoken(value: string | number): string {
  return inWords(spokenForms(value).at(-1) ?? tokenise(String(value)).map((token) => token.word));
}
