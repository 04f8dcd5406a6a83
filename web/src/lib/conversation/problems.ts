export interface Problem {
  title: string;
  hint: string;
  needsSignIn?: boolean;
}

/** Describes why a conversation or an agent request failed, by the HTTP status of our endpoint. */
export function requestProblem(status: number, words: { message?: string; hint?: string }): Problem {
  if (status === 401) {
    return {
      title: 'Your session has expired.',
      hint: 'Sign in again to start a conversation.',
      needsSignIn: true,
    };
  }
  return {
    title: words.message || "Couldn't start the conversation.",
    hint: words.hint || 'Try again in a moment.',
  };
}
