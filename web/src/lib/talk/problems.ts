/** Something that stands in the way of a conversation, in words. */
export interface Problem {
  title: string;
  hint: string;
  /** The way out is to sign in again. */
  needsSignIn?: boolean;
}

/** Why there is no microphone, by the name of the browser's error. */
export function microphoneProblem(errorName: string, isSecure: boolean): Problem {
  if (!isSecure) {
    return {
      title: 'The browser gives no microphone to this page.',
      hint: 'Open Patchbay by https, or on this machine as localhost. You can type meanwhile.',
    };
  }
  if (errorName === 'NotAllowedError' || errorName === 'SecurityError') {
    return {
      title: 'The microphone is not allowed.',
      hint: 'Allow it in the browser, beside the address of this page, then try again. You can type meanwhile.',
    };
  }
  if (errorName === 'NotFoundError' || errorName === 'OverconstrainedError') {
    return {
      title: 'No microphone was found.',
      hint: 'Plug one in, then try again. You can type meanwhile.',
    };
  }
  if (errorName === 'NotReadableError') {
    return {
      title: 'The microphone is in use by another program.',
      hint: 'Close the other program, then try again. You can type meanwhile.',
    };
  }
  return { title: 'The microphone cannot be used.', hint: 'Try again. You can type meanwhile.' };
}

/** While the browser waits for the person. */
export const MICROPHONE_PROMPT: Problem = {
  title: 'Your browser is asking to use the microphone.',
  hint: 'Choose Allow in its prompt, near the address of this page, to speak. You can type meanwhile.',
};

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

export const UNREACHABLE_ROOM: Problem = {
  title: 'The voice server cannot be reached.',
  hint: 'Check your network and that LiveKit is running, then start again.',
};

/** Why a room was closed on us, by LiveKit's name of the reason; null when joining again is worth a try. */
export function closedRoomProblem(reason: string): Problem | null {
  switch (reason) {
    case 'DUPLICATE_IDENTITY':
      return {
        title: 'This conversation goes on in another tab.',
        hint: 'Start a new one here if you like.',
      };
    case 'PARTICIPANT_REMOVED':
    case 'ROOM_DELETED':
    case 'ROOM_CLOSED':
      return { title: 'The conversation was ended.', hint: 'Start a new one at any time.' };
    default:
      return null;
  }
}
