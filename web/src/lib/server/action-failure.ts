import { fail, type ActionFailure } from '@sveltejs/kit';
import type { Failure } from './result.ts';

interface ShownFailure {
  message: string;
  hint: string | undefined;
  errors: Record<string, string[]> | undefined;
}

/** A failure as a form action returns it to its page, with what else the page needs, such as what was typed. */
export function actionFailure<const Extra extends object = object>(
  { status, message, hint, fieldErrors: errors }: Failure,
  extra?: Extra,
): ActionFailure<ShownFailure & Extra> {
  return fail(status, { message, hint, errors, ...(extra as Extra) });
}
