/**
 * Why one turn of a conversation got no answer, after it was tried twice: what the page shows, and what the agent says.
 * No zod: the page loads this module.
 */
export const ANSWER_FAILURES = [
  'rate_limited',
  'server_error',
  'no_answer',
  'rejected',
  'filtered',
  'connection_lost',
] as const;
export type AnswerFailure = (typeof ANSWER_FAILURES)[number];

export interface AnswerFailureDescription {
  /** What happened and what to do, for the page. */
  note: string;
  /** The same in one sentence, for the agent to say. */
  speech: string;
}

const DESCRIPTIONS: Record<AnswerFailure, AnswerFailureDescription> = {
  rate_limited: {
    note: 'The voice model reached its rate limit and did not answer. Ask again in a moment.',
    speech: "I'm getting too many requests right now. Please ask me again in a moment.",
  },
  server_error: {
    note: 'The voice model had an error and did not answer. Ask again.',
    speech: "Something went wrong, and I couldn't answer. Please ask me again.",
  },
  no_answer: {
    note: 'The voice model did not respond. Patchbay is reconnecting. Ask again in a moment.',
    speech: "I couldn't answer that. Please ask me again.",
  },
  rejected: {
    note: 'The voice model rejected the request and did not answer. Rephrase it and ask again.',
    speech: "I couldn't answer that. Please rephrase it.",
  },
  filtered: {
    note: "The voice model's content filter blocked the answer. Rephrase the question.",
    speech: "I can't answer that.",
  },
  connection_lost: {
    note: 'The connection to the voice model was lost before it could answer. Ask again.',
    speech: 'I lost the connection for a moment. Please say that again.',
  },
};

export function describeAnswerFailure(failure: AnswerFailure): AnswerFailureDescription {
  return DESCRIPTIONS[failure];
}

export function isAnswerFailure(value: unknown): value is AnswerFailure {
  return (ANSWER_FAILURES as readonly unknown[]).includes(value);
}
