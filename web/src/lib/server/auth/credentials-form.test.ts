import { expect, it } from 'vitest';
import { authErrorMessage, parseCredentials } from './credentials-form.ts';

it.each([
  ['over_request_rate_limit', /Wait a minute/],
  ['over_email_send_rate_limit', /Wait a minute/],
  ['email_not_confirmed', /Open the link/],
  ['invalid_credentials', /Incorrect/],
  // An outage, or an error page of a proxy in front of Auth, has no code.
  [undefined, /isn't responding.*Try again/],
])('%s says what happened, and what to do', (code, words) => {
  expect(authErrorMessage(code)).toMatch(words);
});

it('trims the email address, and keeps it when the form is invalid', () => {
  const form = new FormData();
  form.set('email', ' a@b.test ');
  form.set('password', 'short');
  expect(parseCredentials(form)).toMatchObject({
    ok: false,
    email: 'a@b.test',
    fieldErrors: { password: ['Use at least 8 characters.'] },
  });
});
