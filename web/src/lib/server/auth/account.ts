import { z } from 'zod';
import { authProblemWords } from './credentials-form.ts';
import { linkTarget, parseEmail } from './email-links.ts';
import { DONE, failure, invalidFields, type Failure, type Result } from '../result.ts';
import type { SignedIn } from './session.ts';

const NewPassword = z.string().min(8, 'At least 8 characters.').max(72, 'At most 72 characters.');

/**
 * Changes the password of a user who knows the current one; every other browser is signed out.
 *
 * @param visitor a client without a session, which tries the current one, so that this session stays as it is
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
    return invalidFields({ current: ['This is not your password.'] });
  }
  return setPassword(who, next, current);
}

/** Sets a password; every other browser is signed out. Whether the user may is decided before. */
export async function setPassword(who: SignedIn, next: string, current?: string): Promise<Result> {
  const problem = passwordProblem(next);
  if (problem) return problem;
  const { error } = await who.supabase.auth.updateUser({
    password: next,
    ...(current !== undefined && { current_password: current }),
  });
  if (error?.code === 'same_password') {
    return invalidFields({ next: ['This is the password that you have already.'] });
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
 * Asks Auth to change the address of the account, which both mailboxes confirm. That the new one has an account already
 * is not said; Auth itself tells it to somebody signed in, who sees no change waiting at the next look.
 */
export async function changeEmail(who: SignedIn, url: URL, form: FormData): Promise<Result<string>> {
  const parsed = parseEmail(form);
  if (!parsed.ok) return parsed;
  const { email } = parsed;
  if (email.toLowerCase() === who.user.email.toLowerCase()) {
    return invalidFields({ email: ['This is your address already.'] });
  }
  const emailRedirectTo = linkTarget(url, '/account');
  const { error } = await who.supabase.auth.updateUser({ email }, { emailRedirectTo });
  if (error && error.code !== 'email_exists') return refused(error.code);
  return { ok: true, value: email };
}

/** The address that an account changes to when both mailboxes have confirmed; null when none is waiting. */
export async function readPendingEmail({ supabase }: SignedIn): Promise<string | null> {
  const { data } = await supabase.auth.getUser();
  return data.user?.new_email || null;
}

function refused(code: string | undefined): Failure {
  return failure(400, authProblemWords(code));
}
