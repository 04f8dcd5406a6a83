import type { Problem } from './problems.ts';

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
