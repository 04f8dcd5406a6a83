import { expect, it } from 'vitest';
import { callbackProblem } from './callback-problem.ts';

it.each([
  ['access_denied', null, 'You canceled the sign-in.'],
  ['access_denied', 'otp_expired', 'This link has expired, or was used already.'],
  ['access_denied', 'signup_disabled', 'New accounts are switched off here.'],
  [null, 'pkce_code_verifier_not_found', 'This sign-in took too long, or was started in another browser.'],
  ['server_error', 'unexpected_failure', 'The service did not sign you in.'],
  [null, null, 'The service did not sign you in.'],
])('%s with %s: %s', (error, code, title) => {
  const problem = callbackProblem(error, code);
  expect(problem.title).toBe(title);
  expect(problem.hint).toMatch(/\.$/);
});
