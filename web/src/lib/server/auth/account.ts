import { z } from 'zod';
import { authProblemWords } from './credentials-form.ts';
import { linkTarget, parseEmail } from './email-links.ts';
import type { Outcome } from '../procedures.ts';
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
): Promise<Outcome<null>> {
  const problem = passwordProblem(next);
  if (problem) return problem;
  const { error } = await visitor.auth.signInWithPassword({ email: who.user.email, password: current });
  if (error) {
    if (error.code !== 'invalid_credentials') return refused(error.code);
    return { ok: false, status: 400, message: '', fieldErrors: { current: ['This is not your password.'] } };
  }
  return setPassword(who, next, current);
}

/** Sets a password; every other browser is signed out. Whether the user may is decided before. */
export async function setPassword(who: SignedIn, next: string, current?: string): Promise<Outcome<null>> {
  const problem = passwordProblem(next);
  if (problem) return problem;
  const { error } = await who.supabase.auth.updateUser({
    password: next,
    ...(current !== undefined && { current_password: current }),
  });
  if (error?.code === 'same_password') {
    const fieldErrors = { next: ['This is the password that you have already.'] };
    return { ok: false, status: 400, message: '', fieldErrors };
  }
  if (error) return refused(error.code);
  await who.supabase.auth.signOut({ scope: 'others' });
  return { ok: true, value: null };
}

function passwordProblem(next: string): Outcome<null> | null {
  const parsed = NewPassword.safeParse(next);
  if (parsed.success) return null;
  const fieldErrors = { next: parsed.error.issues.map(({ message }) => message) };
  return { ok: false, status: 400, message: '', fieldErrors };
}

/**
 * Asks Auth to change the address of the account, which both mailboxes confirm. That the new one has an account already
 * is not said; Auth itself tells it to somebody signed in, who sees no change waiting at the next look.
 */
export async function changeEmail(who: SignedIn, url: URL, form: FormData): Promise<Outcome<string>> {
  const parsed = parseEmail(form);
  if (!parsed.ok) return { ok: false, status: 400, message: '', fieldErrors: parsed.errors };
  const { email } = parsed;
  if (email.toLowerCase() === who.user.email.toLowerCase()) {
    const fieldErrors = { email: ['This is your address already.'] };
    return { ok: false, status: 400, message: '', fieldErrors };
  }
  const emailRedirectTo = linkTarget(url, '/account');
  const { error } = await who.supabase.auth.updateUser({ email }, { emailRedirectTo });
  if (error && error.code !== 'email_exists')
    return { ok: false, status: 400, message: authProblemWords(error.code) };
  return { ok: true, value: email };
}

/** The address that an account changes to when both mailboxes have confirmed; null when none is waiting. */
export async function readPendingEmail({ supabase }: SignedIn): Promise<string | null> {
  const { data } = await supabase.auth.getUser();
  return data.user?.new_email || null;
}

function refused(code: string | undefined): Outcome<null> {
  return { ok: false, status: 400, message: authProblemWords(code) };
}
