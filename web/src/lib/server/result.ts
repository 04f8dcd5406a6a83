/**
 * The one result of server code whose failure is the user's business: a value, or why there is none. Code that also
 * has typed values to show again returns them beside it (`Result<T> & { values: … }`). Bugs and outages that no
 * caller can handle are thrown instead, and end on the error page.
 */
export type Result<T = null> = { ok: true; value: T } | Failure;

export interface Failure {
  ok: false;
  /** HTTP status: 404 for a missing row, 409 for a conflict, 412 for a row that changed meanwhile, 503 for no answer. */
  status: number;
  /** For the user, in whole sentences; empty when `fieldErrors` say it all. */
  message: string;
  /** What to do about it. */
  hint?: string;
  /** What is wrong with single fields, by the name of the field. */
  fieldErrors?: Record<string, string[]>;
  /** Where a sign-in to a server began, when its callback fails. */
  returnTo?: string;
  /** The issuers of a sign-in service that claims to be another one than the server names. */
  issuers?: { expected: string; received: string };
}

/** A success that has no value. */
export const DONE = { ok: true, value: null } as const satisfies Result;

export function failure(status: number, message: string): Failure {
  return { ok: false, status, message };
}

/** Input that is refused before anything is asked to store it. */
export function invalidFields(fieldErrors: Record<string, string[]>, message = ''): Failure {
  return { ok: false, status: 400, message, fieldErrors };
}

/** Message and hint on one line. */
export function failureText({ message, hint }: Failure): string {
  return [message, hint].filter(Boolean).join(' ');
}
