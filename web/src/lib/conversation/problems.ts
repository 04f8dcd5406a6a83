/** Something that stands in the way of a conversation, in words. */
export interface Problem {
  title: string;
  hint: string;
  /** The way out is to sign in again. */
  needsSignIn?: boolean;
}

/** Why a conversation did not begin, or asked in vain for an agent, by the status of our own endpoint. */
export function requestProblem(status: number, words: { message?: string; hint?: string }): Problem {
  if (status === 401) {
    return { title: 'Your session has expired.', hint: 'Sign in again to talk.', needsSignIn: true };
  }
  return {
    title: words.message || 'The conversation could not begin.',
    hint: words.hint || 'Try again in a moment.',
  };
}
