import { z } from 'zod';
import { authProblemWords } from './credentials-form.ts';
import { callProcedure, type Outcome } from './procedures.ts';
import type { SignedIn } from './session.ts';

const NewPassword = z.string().min(8, 'At least 8 characters.').max(72, 'At most 72 characters.');

/**
 * Changes the password of who knows the present one; every other browser is signed out.
 *
 * @param visitor a client without a session, which tries the present one, so that this session stays as it is
 */
export async function changePassword(
  who: SignedIn,
  visitor: SignedIn['supabase'],
  { current, next }: { current: string; next: string },
): Promise<Outcome<null>> {
  const parsed = NewPassword.safeParse(next);
  if (!parsed.success) {
    const fieldErrors = { next: parsed.error.issues.map(({ message }) => message) };
    return { ok: false, status: 400, message: '', fieldErrors };
  }
  const tried = await visitor.auth.signInWithPassword({ email: who.user.email, password: current });
  if (tried.error) {
    if (tried.error.code !== 'invalid_credentials') return refused(tried.error.code);
    return { ok: false, status: 400, message: '', fieldErrors: { current: ['This is not your password.'] } };
  }
  const { error } = await who.supabase.auth.updateUser({ password: next, current_password: current });
  if (error?.code === 'same_password') {
    const fieldErrors = { next: ['This is the password that you have already.'] };
    return { ok: false, status: 400, message: '', fieldErrors };
  }
  if (error) return refused(error.code);
  await who.supabase.auth.signOut({ scope: 'others' });
  return { ok: true, value: null };
}

/** Deletes the account with all that is the user's own; this browser is signed out. */
export async function deleteAccount(who: SignedIn): Promise<Outcome<null>> {
  const outcome = await callProcedure(
    who,
    'delete_account',
    {},
    z.unknown().transform(() => null),
  );
  if (outcome.ok) await who.supabase.auth.signOut({ scope: 'local' });
  return outcome;
}

function refused(code: string | undefined): Outcome<null> {
  return { ok: false, status: 400, message: authProblemWords(code) };
}
