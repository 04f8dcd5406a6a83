/**
 * The result type of all server code whose failure the user can act on. Parsers that keep typed values return them
 * beside it (`Result<T> & { values: … }`). Bugs and outages that no caller handles are thrown and end on the error
 * page.
 */
export type Result<T = null> = { ok: true; value: T } | Failure;

export interface Failure {
  ok: false;
  /**
   * HTTP status: 404 for a missing row, 409 for a conflict, 412 for a row that changed in the meantime, 503 for no
   * answer.
   */
  status: number;
  message: string;
  hint?: string;
  fieldErrors?: Record<string, string[]>;
  /** Where a sign-in to a server began, when its callback fails. */
  returnTo?: string;
  /** The two issuers when a sign-in service claims to be another one than the server names. */
  issuers?: { expected: string; received: string };
}

export const DONE = { ok: true, value: null } as const satisfies Result;

export function failure(status: number, message: string): Failure {
  return { ok: false, status, message };
}

/** Rejects input field by field. */
export function invalidFields(fieldErrors: Record<string, string[]>, message = ''): Failure {
  return { ok: false, status: 400, message, fieldErrors };
}

/** Message and hint on one line. */
export function failureText({ message, hint }: Failure): string {
  return [message, hint].filter(Boolean).join(' ');
}
