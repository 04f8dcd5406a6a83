const STORY =
  'Once upon a time there was a small machine that wanted to speak. It stood on a shelf by the window, between a clock ' +
  'and a box of cables. Every morning the sun came over the roofs, and the machine counted the birds on the wire. One ' +
  'day somebody plugged a cord into its side, and a voice came out, thin at first, then clear. It told of the rain, ' +
  'and of the street, and of the cat that slept on the warm stones. People stopped to listen. Some asked it for the ' +
  'time, and some asked it for a song, and it gave what it had. When evening came, it went on speaking, quietly, so ' +
  'that nobody would wake. And it is said that it speaks there still, of birds and of rain, to whoever plugs it in.';

interface Talk {
  sentences: string[];
  matches: RegExp;
  reply: (toolNames: string[]) => string;
}

const TALKS: Talk[] = [
  {
    sentences: ['tell me a long story', 'tell me a story'],
    matches: /\bstory\b/i,
    reply: () => STORY,
  },
  {
    sentences: ['what can you do', 'which tools do you have'],
    matches: /\b(what can you do|(which|what) tools|your tools|help)\b/i,
    reply: listTools,
  },
  {
    sentences: ['hello', 'good morning', 'good evening'],
    matches: /^\W*(hello|hi|hey|good (morning|evening|afternoon|day))\b[\w\s,]{0,12}\W*$/i,
    reply: () => 'Hello. What can I do for you?',
  },
  {
    sentences: ['how are you'],
    matches: /\bhow are you\b/i,
    reply: () => 'I am well. I am a rehearsal model: I follow plain rules.',
  },
  {
    sentences: ['thank you', 'thank you very much'],
    matches: /\b(thanks|thank you)\b/i,
    reply: () => 'You are welcome.',
  },
  {
    sentences: ['stop', 'please stop'],
    matches: /^\W*(please )?(stop|be quiet|enough|never mind)( now| please)?\W*$/i,
    reply: () => 'All right.',
  },
  {
    sentences: ['goodbye'],
    matches: /\b(goodbye|good bye|bye)\b/i,
    reply: () => 'Goodbye.',
  },
];

/** Sentences of small talk that can be heard. */
export const SMALL_TALK_SENTENCES = TALKS.flatMap((talk) => talk.sentences);

/**
 * The answer to a sentence that needs no tool.
 *
 * @param toolNames the live tools in words, for "what can you do"
 * @returns undefined when the sentence is none of these
 */
export function smallTalk(text: string, toolNames: string[]): string | undefined {
  return TALKS.find((talk) => talk.matches.test(text))?.reply(toolNames);
}

function listTools(toolNames: string[]): string {
  if (toolNames.length === 0) return 'I have no tools now.';
  const some = toolNames.slice(0, 8);
  const more = toolNames.length - some.length;
  const count = toolNames.length === 1 ? 'one tool' : `${toolNames.length} tools`;
  return `I have ${count}: ${some.join(', ')}${more > 0 ? `, and ${more} more` : ''}.`;
}
