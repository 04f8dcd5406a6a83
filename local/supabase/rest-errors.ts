import { inspect } from 'node:util';
import { RelationNotFoundError } from '@supabase/lite';

interface DatabaseError {
  code: string;
  message: string;
  detail?: string;
  hint?: string;
}

/** Class 23 is a violated constraint; these three codes have their own responses. */
const ANSWERED_INSIDE = ['23502', '23503', '23505'];

/**
 * Makes the REST part answer an error of the database as PostgREST does where it would say 500: a broken check
 * and a RAISE without a code are 400. Uses its rule for errors of code `PGRST`, which carry their answer.
 * An error of a query is a line in the log, not a page: a client that asks for too much is daily life.
 */
export function asPostgrest(error: unknown): unknown {
  if (error instanceof RelationNotFoundError) return asLine(error, `rest: ${error.message}`);
  if (!isDatabaseError(error)) return error;
  const { code } = error;
  const isMistakeOfClient = code === 'P0001' || (code.startsWith('23') && !ANSWERED_INSIDE.includes(code));
  const answer = isMistakeOfClient
    ? Object.assign(
        new Error(JSON.stringify({ code, message: error.message, details: error.detail, hint: error.hint })),
        {
          code: 'PGRST',
          detail: JSON.stringify({ status: 400, headers: {} }),
        },
      )
    : error;
  return asLine(answer, `rest: ${code} ${error.message}`);
}

function asLine(error: Error, line: string): Error {
  return Object.defineProperty(error, inspect.custom, { value: () => line, configurable: true });
}

function isDatabaseError(error: unknown): error is DatabaseError & Error {
  return (
    error instanceof Error && typeof (error as { code?: unknown }).code === 'string' && 'severity' in error
  );
}
