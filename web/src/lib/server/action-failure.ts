import { fail, type ActionFailure } from '@sveltejs/kit';
import type { Failure } from './result.ts';

interface ShownFailure {
  message: string;
  hint: string | undefined;
  errors: Record<string, string[]> | undefined;
}

/** Turns a failure into the result of a form action. @param extra other data for the page, such as the typed values */
export function actionFailure<const Extra extends object = object>(
  { status, message, hint, fieldErrors: errors }: Failure,
  extra?: Extra,
): ActionFailure<ShownFailure & Extra> {
  return fail(status, { message, hint, errors, ...(extra as Extra) });
}
