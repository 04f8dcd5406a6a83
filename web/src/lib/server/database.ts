import { FieldErrors, sentencesOf } from '@patchbay/shared/contract/schema/fields';
import { error } from '@sveltejs/kit';
import type { z } from 'zod';
import { DONE, failure, invalidFields, type Failure, type Result } from './result.ts';

interface DatabaseError {
  code: string;
  message: string;
  details?: string | null;
  hint?: string | null;
}

interface DatabaseAnswer {
  data: unknown;
  error: DatabaseError | null;
  status: number;
}

/**
 * The validated rows of a REST answer.
 * @throws 503 if the database did not answer, 500 if the rows do not match the schema
 */
export async function rows<T>(query: PromiseLike<DatabaseAnswer>, schema: z.ZodType<T>): Promise<T[]> {
  const answer = await query;
  if (answer.error && isImpossible(answer)) return [];
  if (answer.error) unavailable(answer.status);
  return schema.array().parse(answer.data);
}

/** Values that no row can have (bad text for a type, invalid UTF-8, a NUL): the answer is no rows. */
const IMPOSSIBLE_VALUES: ReadonlySet<string> = new Set(['22P02', '22021', '22P05']);

function isImpossible({ error: found, status }: DatabaseAnswer): boolean {
  // 414 and 431: too long for a request.
  return status === 414 || status === 431 || IMPOSSIBLE_VALUES.has(found?.code ?? '');
}

/** PostgREST's own row limit on hosted Supabase. */
const SLICE = 1000;

/**
 * All rows of a query, read in slices.
 * @param slice queries the rows from one index to another, both included, in a stable order
 * @param most a multiple of the slice size
 */
export async function allRows<T>(
  slice: (from: number, to: number) => PromiseLike<DatabaseAnswer>,
  schema: z.ZodType<T>,
  most = Infinity,
): Promise<T[]> {
  const found: T[] = [];
  while (found.length < most) {
    const next = await rows(slice(found.length, found.length + SLICE - 1), schema);
    found.push(...next);
    if (next.length < SLICE) break;
  }
  return found;
}

/** The first row of a REST answer; null if the user can see none. */
export async function firstRow<T>(
  query: PromiseLike<DatabaseAnswer>,
  schema: z.ZodType<T>,
): Promise<T | null> {
  return (await rows(query, schema))[0] ?? null;
}

/** @throws the page that fits a failed REST answer */
export function unavailable(status: number): never {
  if (status === 401) error(401, { message: 'Your session has expired.', hint: 'Sign in again.' });
  error(503, { message: "The database isn't responding.", hint: 'Try again in a moment.' });
}

type WriteProblem = 'not_found' | 'changed' | 'forbidden' | 'conflict' | 'invalid' | 'unavailable';

function writeProblem({ code }: DatabaseError, status: number): WriteProblem {
  if (code === '42501' || status === 403) return 'forbidden';
  if (code === '23505' || status === 409) return 'conflict';
  if (status === 404) return 'not_found';
  if (/^(22|23)/.test(code) || status === 400) return 'invalid';
  return 'unavailable';
}

const STATUSES: Record<WriteProblem, number> = {
  not_found: 404,
  changed: 412,
  forbidden: 403,
  conflict: 409,
  invalid: 400,
  unavailable: 503,
};

const PROBLEM_MESSAGES: Record<WriteProblem, string> = {
  not_found: 'Not found. It may have been deleted.',
  changed: 'Someone else changed this at the same time. Try again.',
  forbidden: "Your role in this workspace doesn't allow this.",
  conflict: 'This name is already in use.',
  invalid: 'The database rejected this change.',
  unavailable: "The database isn't responding. Nothing was saved. Try again in a moment.",
};

function plainFailure(problem: WriteProblem): Failure {
  return failure(STATUSES[problem], PROBLEM_MESSAGES[problem]);
}

export const NOT_FOUND = plainFailure('not_found');
export const CHANGED = plainFailure('changed');
export const FORBIDDEN = plainFailure('forbidden');

/** Input that does not match its schema. */
export const invalidInput = (fieldErrors: FieldErrors): Failure =>
  invalidFields(sentencesOf(fieldErrors), 'Some fields are invalid.');

/**
 * The failure of a write. Errors of the database's own rules (PT4xx) are worded for users; all others get our messages.
 */
export function writeFailure(error: DatabaseError, status: number): Failure {
  if (!/^PT4\d\d$/.test(error.code)) return plainFailure(writeProblem(error, status));
  const fieldErrors = FieldErrors.safeParse(parseJson(error.details));
  return {
    ...failure(Number(error.code.slice(2)), error.message),
    ...(error.hint && { hint: error.hint }),
    ...(fieldErrors.success && { fieldErrors: sentencesOf(fieldErrors.data) }),
  };
}

/**
 * The result of a write that selects its rows. Row level security hides what the user may not change, so no rows is a
 * failure.
 */
export function writtenRows(answer: DatabaseAnswer, whenNone: Failure): Result {
  if (answer.error) return writeFailure(answer.error, answer.status);
  return Array.isArray(answer.data) && answer.data.length > 0 ? DONE : whenNone;
}

function parseJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return null;
  }
}
