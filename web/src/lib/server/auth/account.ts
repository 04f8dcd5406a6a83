import { z } from 'zod';
import { authErrorMessage } from './credentials-form.ts';
import { linkTarget, parseEmail } from './email-links.ts';
import { DONE, failure, invalidFields, type Failure, type Result } from '../result.ts';
import type { SignedIn } from './session.ts';

const NewPassword = z.string().min(8, 'Use at least 8 characters.').max(72, 'Use at most 72 characters.');

/**
 * Changes the password, given the current one, and signs out every other browser.
 * @param visitor a client without a session, which verifies the current password without touching this session
 */
export async function changePassword(
  who: SignedIn,
  visitor: SignedIn['supabase'],
  { current, next }: { current: string; next: string },
): Promise<Result> {
  const problem = passwordProblem(next);
  if (problem) return problem;
  const { error } = await visitor.auth.signInWithPassword({ email: who.user.email, password: current });
  if (error) {
    if (error.code !== 'invalid_credentials') return refused(error.code);
    return invalidFields({ current: ['Incorrect password.'] });
  }
  return setPassword(who, next, current);
}

/** Sets a password and signs out every other browser. Callers check first that the user may. */
export async function setPassword(who: SignedIn, next: string, current?: string): Promise<Result> {
  const problem = passwordProblem(next);
  if (problem) return problem;
  const { error } = await who.supabase.auth.updateUser({
    password: next,
    ...(current !== undefined && { current_password: current }),
  });
  if (error?.code === 'same_password') {
    return invalidFields({ next: ['Choose a password different from your current one.'] });
  }
  if (error) return refused(error.code);
  await who.supabase.auth.signOut({ scope: 'others' });
  return DONE;
}

function passwordProblem(next: string): Failure | null {
  const parsed = NewPassword.safeParse(next);
  if (parsed.success) return null;
  return invalidFields({ next: parsed.error.issues.map(({ message }) => message) });
}

/**
 * Asks Auth to change the email address, which both mailboxes must confirm. Succeeds for an address that already has an
 * account, so the answer does not reveal whether one exists.
 */
export async function changeEmail(who: SignedIn, url: URL, form: FormData): Promise<Result<string>> {
  const parsed = parseEmail(form);
  if (!parsed.ok) return parsed;
  const { email } = parsed;
  if (email.toLowerCase() === who.user.email.toLowerCase()) {
    return invalidFields({ email: ['This is already your email address.'] });
  }
  const emailRedirectTo = linkTarget(url, '/account');
  const { error } = await who.supabase.auth.updateUser({ email }, { emailRedirectTo });
  if (error && error.code !== 'email_exists') return refused(error.code);
  return { ok: true, value: email };
}

/** The new address that waits for confirmation; null if none does. */
export async function readPendingEmail({ supabase }: SignedIn): Promise<string | null> {
  const { data } = await supabase.auth.getUser();
  return data.user?.new_email || null;
}

function refused(code: string | undefined): Failure {
  return failure(400, authErrorMessage(code));
}
