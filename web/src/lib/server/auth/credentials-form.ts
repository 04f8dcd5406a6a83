import { z } from 'zod';
import { invalidFields, type Result } from '../result.ts';

const Credentials = z.object({
  email: z.email('Enter a valid email address.'),
  password: z.string().min(8, 'Use at least 8 characters.').max(72, 'Use at most 72 characters.'),
});

export type ParsedCredentials = Result<z.infer<typeof Credentials>> & { email: string };

/** Parses the sign-in and sign-up forms. */
export function parseCredentials(form: FormData): ParsedCredentials {
  const email = String(form.get('email') ?? '').trim();
  const parsed = Credentials.safeParse({ email, password: form.get('password') ?? '' });
  if (parsed.success) return { ok: true, value: parsed.data, email };
  return { ...invalidFields(z.flattenError(parsed.error).fieldErrors), email };
}

/** The message for an error code of Supabase Auth. */
export function authErrorMessage(code: string | undefined): string {
  switch (code) {
    case 'invalid_credentials':
      return 'Incorrect email or password.';
    case 'email_not_confirmed':
      return "This email address isn't confirmed yet. Open the link in the email we sent you.";
    case 'user_already_exists':
    case 'email_exists':
      return 'An account with this email address already exists. Sign in instead.';
    case 'weak_password':
      return 'This password is too easy to guess. Choose a longer one.';
    case 'over_request_rate_limit':
      return 'Too many attempts from your network. Wait a minute, then try again.';
    case 'over_email_send_rate_limit':
      return 'We just sent you an email. Wait a minute, then try again.';
    case 'signup_disabled':
      return 'Sign-ups are disabled.';
    default:
      return "The sign-in service isn't responding. Try again in a moment.";
  }
}
