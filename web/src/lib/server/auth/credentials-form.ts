import { z } from 'zod';
import { invalidFields, type Result } from '../result.ts';

const Credentials = z.object({
  email: z.email('This is not an email address.'),
  password: z.string().min(8, 'At least 8 characters.').max(72, 'At most 72 characters.'),
});

/** `email` is the typed address, to show it again. */
export type ParsedCredentials = Result<z.infer<typeof Credentials>> & { email: string };

/** Parses the sign-in and sign-up forms. */
export function parseCredentials(form: FormData): ParsedCredentials {
  const email = String(form.get('email') ?? '').trim();
  const parsed = Credentials.safeParse({ email, password: form.get('password') ?? '' });
  if (parsed.success) return { ok: true, value: parsed.data, email };
  return { ...invalidFields(z.flattenError(parsed.error).fieldErrors), email };
}

/** The message for an error code of Supabase Auth. */
export function authProblemWords(code: string | undefined): string {
  switch (code) {
    case 'invalid_credentials':
      return 'Email or password is wrong.';
    case 'email_not_confirmed':
      return 'This address is not confirmed yet: follow the link in the email that was sent to it.';
    case 'user_already_exists':
    case 'email_exists':
      return 'There is an account with this address already. Sign in instead.';
    case 'weak_password':
      return 'This password is too easy to guess. Use a longer one.';
    case 'over_request_rate_limit':
      return 'Too many attempts from your network. Wait a minute, then try again.';
    case 'over_email_send_rate_limit':
      return 'An email was sent a moment ago. Wait a minute, then try again.';
    case 'signup_disabled':
      return 'New accounts are turned off.';
    default:
      return 'The sign-in service does not answer. Try again in a moment.';
  }
}
