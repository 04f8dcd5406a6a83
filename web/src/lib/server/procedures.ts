import type { ClientSchema } from '@patchbay/shared/contract/schema/database';
import { FieldErrors, sentencesOf } from '@patchbay/shared/contract/schema/fields';
import type { z } from 'zod';
import { problemWords, writeProblem } from './database.ts';
import type { SignedIn } from './auth/session.ts';

/** What came of a change: its value, or why not, fit for the user. */
export type Outcome<T> = { ok: true; value: T } | Refusal;
export interface Refusal {
  ok: false;
  status: number;
  message: string;
  hint?: string;
  fieldErrors?: Record<string, string[]>;
}

interface DatabaseError {
  code: string;
  message: string;
  details?: string | null;
  hint?: string | null;
}

/** Words for a refusal of the database. Only its own rules (codes PT...) speak to users; the rest is told in ours. */
export function refusalOf(error: DatabaseError, status: number): Refusal {
  if (!/^PT4\d\d$/.test(error.code)) {
    const problem = writeProblem(error, status);
    return { ok: false, status: problem === 'unavailable' ? 503 : 409, message: problemWords(problem) };
  }
  const fieldErrors = FieldErrors.safeParse(parse(error.details));
  return {
    ok: false,
    status: Number(error.code.slice(2)),
    message: error.message,
    ...(error.hint && { hint: error.hint }),
    ...(fieldErrors.success && { fieldErrors: sentencesOf(fieldErrors.data) }),
  };
}

/** What was typed does not fit; found before the database was asked. */
export function refusedFields(fieldErrors: FieldErrors): Refusal {
  return {
    ok: false,
    status: 400,
    message: 'Some fields are not valid.',
    fieldErrors: sentencesOf(fieldErrors),
  };
}

type Functions = ClientSchema['public']['Functions'];

/** Calls a function of the database as the user, and checks its answer. */
export async function callProcedure<Name extends keyof Functions, T>(
  who: SignedIn,
  name: Name,
  args: Functions[Name]['Args'],
  schema: z.ZodType<T>,
): Promise<Outcome<T>> {
  const answer = await who.supabase.rpc(name, args);
  if (answer.error) return refusalOf(answer.error, answer.status);
  return { ok: true, value: schema.parse(answer.data) };
}

function parse(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return null;
  }
}
