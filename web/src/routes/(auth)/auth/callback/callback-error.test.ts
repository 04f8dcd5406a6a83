import { expect, it } from 'vitest';
import { callbackProblem } from './callback-error.ts';

it.each([
  ['access_denied', null, 'You canceled the sign-in.'],
  ['access_denied', 'otp_expired', 'This link has expired or was already used.'],
  ['access_denied', 'signup_disabled', 'Sign-ups are disabled.'],
  [null, 'pkce_code_verifier_not_found', 'This sign-in took too long, or was started in another browser.'],
  ['server_error', 'unexpected_failure', 'Sign-in failed.'],
  [null, null, 'Sign-in failed.'],
])('%s with %s: %s', (error, code, title) => {
  const problem = callbackProblem(error, code);
  expect(problem.title).toBe(title);
  expect(problem.hint).toMatch(/\.$/);
});
