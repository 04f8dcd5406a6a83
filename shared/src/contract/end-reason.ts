/**
 * Why a conversation ended: the values of `voice_sessions.end_reason`, and what people read about them. The page, the
 * history and the REST API all take their words from here. No zod: the page loads this module.
 */
export const END_REASONS = [
  'user_left',
  'room_closed',
  'idle',
  'time_limit',
  'out_of_memory',
  'ended_elsewhere',
  'error',
  'lost',
  'nobody_joined',
  'worker_drained',
  'model_not_found',
  'model_rejected_settings',
  'model_key_rejected',
  'model_quota',
  'model_unavailable',
] as const;
export type EndReason = (typeof END_REASONS)[number];

export interface EndDescription {
  /** What happened, as one sentence. */
  title: string;
  /** What to do about it. */
  hint: string;
}

/** `null`: an ordinary end, with nothing to report. */
const DESCRIPTIONS: Record<EndReason, EndDescription | null> = {
  user_left: null,
  // The session waits for another agent.
  worker_drained: null,
  room_closed: {
    title: 'The conversation was closed on the LiveKit server.',
    hint: 'You can start a new conversation at any time.',
  },
  idle: {
    title: 'The conversation ended because nobody spoke for a while.',
    hint: 'You can start a new conversation at any time.',
  },
  time_limit: {
    title: 'The conversation reached its time limit.',
    hint: "You can start a new conversation at any time. The workspace's limits show how long it may last.",
  },
  out_of_memory: {
    title: 'The conversation ended because it used too much memory.',
    hint: 'Start a new conversation. If it happens again, disable servers whose tools return large results.',
  },
  ended_elsewhere: {
    title: 'The conversation was ended from History.',
    hint: 'You can start a new conversation at any time.',
  },
  error: {
    title: 'The conversation ended because of an error.',
    hint: "Start a new conversation. If it happens again, check the worker's log.",
  },
  lost: {
    title: 'The connection to the agent was lost.',
    hint: 'Start a new conversation. If it happens again, check that the worker is running.',
  },
  nobody_joined: {
    title: 'Nobody joined the conversation.',
    hint: 'You can start a new conversation at any time.',
  },
  model_not_found: {
    title: 'The voice model does not exist, or the API key has no access to it.',
    hint: 'Set a model that your OpenAI project can use, then start a new conversation. `npm run doctor` checks it.',
  },
  model_rejected_settings: {
    title: "The voice model rejected this agent's settings.",
    hint: "Check the agent's model and voice. The worker's log names the rejected setting.",
  },
  model_key_rejected: {
    title: 'The voice model rejected the API key.',
    hint: 'Set a valid OPENAI_API_KEY for the worker, then start a new conversation.',
  },
  model_quota: {
    title: 'The OpenAI account is out of credit or has reached its limit.',
    hint: 'Add credit or raise the limit at platform.openai.com, then start a new conversation.',
  },
  model_unavailable: {
    title: 'The voice model could not be reached for two minutes.',
    hint: "Check status.openai.com and the worker's network, then start a new conversation.",
  },
};

/**
 * What people read about the end of a conversation.
 * @param reason a value of `voice_sessions.end_reason`
 * @returns null for an ordinary end, and for one without a known reason
 */
export function describeEnd(reason: string | null): EndDescription | null {
  return isEndReason(reason) ? DESCRIPTIONS[reason] : null;
}

export function isEndReason(value: unknown): value is EndReason {
  return (END_REASONS as readonly unknown[]).includes(value);
}
