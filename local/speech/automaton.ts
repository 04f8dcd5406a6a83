/** A sequence of slots, each a list of alternatives ('' makes it optional). */
export type Phrase = string[][];

export interface Transition {
  from: number;
  to: number;
  /** '' is an empty step; the engine follows one of these, not two in a row. */
  word: string;
  /** Logarithm of a probability, in the engine's base. */
  logp: number;
}

export interface Automaton {
  start: number;
  end: number;
  states: number;
  transitions: Transition[];
}

const LOG_BASE = 1.0001;
const price = (probability: number) => Math.round(Math.log(probability) / Math.log(LOG_BASE));

/** Sounds of English, each as its own word: a chain of them competes with the grammar and matches everything else. */
export const UNKNOWN = '+';
export const PHONES = 'AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z'.split(' '); // prettier-ignore
// Per sound. With four voices, 23 sentences and 21 tools, all 92 are recognized and 53 of 60 unrelated ones rejected;
// 1e-12 rejects more (57, but 13 in noise instead of 6), 1e-15 less (39).
const UNKNOWN_PRICE = price(1e-13);
/** Optional short words are usually said: "the" is easily missed in the sound. */
const LEFT_OUT_PRICE = price(1e-7);

/** State 0 is the start, state 1 the end; each phrase has its own states in between. */
export function buildAutomaton(phrases: Phrase[]): Automaton {
  const [start, end] = [0, 1];
  let states = 2;
  const transitions: Transition[] = [];
  for (const slots of phrases) {
    let here = [{ state: start, logp: 0 }];
    for (const alternatives of slots) {
      const after = states++;
      for (const words of alternatives.map(wordsOf).filter((one) => one.length > 0)) {
        for (const place of here) {
          let { state: from, logp } = place;
          words.forEach((word, n) => {
            const to = n === words.length - 1 ? after : states++;
            transitions.push({ from, to, word, logp });
            from = to;
            logp = 0;
          });
        }
      }
      const skipped = here.map(({ state, logp }) => ({ state, logp: logp + LEFT_OUT_PRICE }));
      here = [...(alternatives.includes('') ? skipped : []), { state: after, logp: 0 }];
    }
    for (const { state, logp } of here)
      if (state !== start) transitions.push({ from: state, to: end, word: '', logp });
  }
  const strange = states++;
  for (const word of PHONES.map((phone) => UNKNOWN + phone)) {
    transitions.push({ from: start, to: strange, word, logp: UNKNOWN_PRICE });
    transitions.push({ from: strange, to: strange, word, logp: UNKNOWN_PRICE });
  }
  transitions.push({ from: strange, to: end, word: '', logp: 0 });
  return { start, end, states, transitions };
}

export function wordsOf(alternative: string): string[] {
  return alternative.split(' ').filter(Boolean);
}
