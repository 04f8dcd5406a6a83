import type { RequestEvent } from '@sveltejs/kit';
import { z } from 'zod';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { authErrorMessage } from './credentials-form.ts';
import { createPlainClient } from './session-client.ts';
import { DONE, failure, invalidFields, type Result } from '../result.ts';
import { settings } from '../settings.ts';

/** The purpose of an emailed link, by Supabase Auth's name. */
export const LinkKind = z.enum(['signup', 'recovery', 'magiclink', 'email_change']);
export type LinkKind = z.infer<typeof LinkKind>;

/** Codes that reveal that an address has no account. */
const TELLING: ReadonlySet<string> = new Set(['otp_disabled', 'user_not_found']);

const Email = z.email('Enter a valid email address.');

export type ParsedEmail = Result<string> & { email: string };

export function parseEmail(form: FormData): ParsedEmail {
  const email = String(form.get('email') ?? '').trim();
  const parsed = Email.safeParse(email);
  if (parsed.success) return { ok: true, value: email, email };
  return { ...invalidFields({ email: parsed.error.issues.map(({ message }) => message) }), email };
}

/**
 * Asks Auth to email a link. The result is the same whether or not the address has an account.
 * @param next path to continue at after the link
 */
export async function sendEmailLink(
  event: Pick<RequestEvent, 'getClientAddress' | 'request' | 'url'>,
  kind: LinkKind,
  email: string,
  next: string | null,
): Promise<Result> {
  const { auth } = createPlainClient(event, settings());
  const emailRedirectTo = linkTarget(event.url, next);
  const options = { emailRedirectTo };
  const { error } = await {
    recovery: () => auth.resetPasswordForEmail(email, { redirectTo: emailRedirectTo }),
    magiclink: () => auth.signInWithOtp({ email, options: { ...options, shouldCreateUser: false } }),
    signup: () => auth.resend({ type: 'signup', email, options }),
    email_change: () => auth.resend({ type: 'email_change', email, options }),
  }[kind]();
  if (!error) return DONE;
  const { code } = error;
  if (isUnsent(code, kind) || (code && TELLING.has(code))) return DONE;
  return failure(code === 'over_request_rate_limit' ? 429 : 503, authErrorMessage(code));
}

/**
 * Whether Auth sent no email for a reason that only addresses with an account meet: the minute between two emails, the
 * project's hourly limit, or no mail server. Logged, but hidden from the user.
 */
export function isUnsent(code: string | undefined, kind: LinkKind): boolean {
  const isUnsaid = code === 'over_email_send_rate_limit' || code === 'email_address_not_authorized';
  if (isUnsaid) console.warn(JSON.stringify({ level: 'warn', message: 'Auth sent no email', kind, code }));
  return isUnsaid;
}

/** The URL that an emailed link passes on as `next`. */
export function linkTarget(url: URL, next: string | null): string {
  return new URL(returnPath(next), url.origin).href;
}
