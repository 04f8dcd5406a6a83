import type { Problem } from './problems.ts';

/** Why there is no microphone, by the name of the browser's error. */
export function microphoneProblem(errorName: string, isSecure: boolean): Problem {
  if (!isSecure) {
    return {
      title: 'The browser blocks the microphone on this page.',
      hint: 'Open Patchbay over HTTPS or at localhost. You can type in the meantime.',
    };
  }
  if (errorName === 'NotAllowedError' || errorName === 'SecurityError') {
    return {
      title: 'Microphone access denied.',
      hint: "Allow it in the browser's address bar, then try again. You can type in the meantime.",
    };
  }
  if (errorName === 'NotFoundError' || errorName === 'OverconstrainedError') {
    return {
      title: 'No microphone found.',
      hint: 'Connect one, then try again. You can type in the meantime.',
    };
  }
  if (errorName === 'NotReadableError') {
    return {
      title: 'Another app is using the microphone.',
      hint: 'Close the other app, then try again. You can type in the meantime.',
    };
  }
  return { title: "Can't use the microphone.", hint: 'Try again. You can type in the meantime.' };
}

/** While the browser waits for the user. */
export const MICROPHONE_PROMPT: Problem = {
  title: 'Your browser is asking to use the microphone.',
  hint: 'Choose Allow near the address bar to speak. You can type in the meantime.',
};
