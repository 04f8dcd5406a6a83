import { error } from '@sveltejs/kit';
import type { z } from 'zod';

interface DatabaseError {
  code: string;
  message: string;
  hint?: string | null;
}

interface DatabaseAnswer {
  data: unknown;
  error: DatabaseError | null;
  status: number;
}

/**
 * Rows of a REST answer, checked.
 * @throws the 503 page when the database did not answer, 500 when its rows are not what we know
 */
export async function rows<T>(query: PromiseLike<DatabaseAnswer>, schema: z.ZodType<T>): Promise<T[]> {
  const answer = await query;
  if (answer.error && isImpossible(answer)) return [];
  if (answer.error) unavailable(answer.status);
  return schema.array().parse(answer.data);
}

/** No text of a type, no UTF-8, and a NUL in JSON: an address may ask for rows by what no row can have. */
const IMPOSSIBLE_VALUES: ReadonlySet<string> = new Set(['22P02', '22021', '22P05']);

function isImpossible({ error: found, status }: DatabaseAnswer): boolean {
  // 414, 431: it is too long to be asked for.
  return status === 414 || status === 431 || IMPOSSIBLE_VALUES.has(found?.code ?? '');
}

/** PostgREST's own row limit on hosted Supabase. */
const SLICE = 1000;

/**
 * All rows of a query, read in slices; at most `most`, which are whole slices.
 * @param slice the query for the rows from one place to another, both included, in an order that is the same each time
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

/** The first row of a REST answer, checked; null when there is none that the user may see. */
export async function firstRow<T>(
  query: PromiseLike<DatabaseAnswer>,
  schema: z.ZodType<T>,
): Promise<T | null> {
  return (await rows(query, schema))[0] ?? null;
}

/** @throws the page that fits a failed REST answer */
export function unavailable(status: number): never {
  if (status === 401) error(401, { message: 'Your session has expired.', hint: 'Sign in again.' });
  error(503, { message: 'The database does not answer.', hint: 'Try again in a moment.' });
}

type PlainProblem = 'not_found' | 'changed' | 'forbidden' | 'conflict' | 'invalid' | 'unavailable';
/** `refused`: a sentence of the database's own rules, such as a limit that is reached. */
export type WriteProblem = PlainProblem | { refused: string };

/** What went wrong with a write, from the SQLSTATE or PostgREST code and the HTTP status. */
export function writeProblem({ code, message, hint }: DatabaseError, status: number): WriteProblem {
  if (code === 'PT409' || code === 'PT429') return { refused: hint ? `${message} ${hint}` : message };
  if (code === '42501' || code === 'PT403' || status === 403) return 'forbidden';
  if (code === '23505' || status === 409) return 'conflict';
  if (code === 'PT404' || status === 404) return 'not_found';
  if (/^(22|23)/.test(code) || code === 'PT400' || status === 400) return 'invalid';
  return 'unavailable';
}

const PROBLEM_WORDS: Record<PlainProblem, string> = {
  not_found: 'This is not there any more.',
  changed: 'Somebody else changed it at the same moment. Try again.',
  forbidden: 'Your role in this workspace does not allow this.',
  conflict: 'There is one with this name already.',
  invalid: 'The database did not accept this.',
  unavailable: 'The database does not answer. Nothing was saved; try again in a moment.',
};

export function problemWords(problem: WriteProblem): string {
  return typeof problem === 'object' ? problem.refused : PROBLEM_WORDS[problem];
}
