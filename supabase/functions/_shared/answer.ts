import type { z } from 'zod';
import { AppError, describeError } from '../../../shared/src/errors.ts';
import { fieldErrors } from '../../../shared/src/schema/functions.ts';
import { DatabaseRefusal } from './database.ts';

/** What a function answers: a status and a JSON body. Refusals have the body `{ code, message, ... }`. */
export interface Answer {
  status: number;
  body: unknown;
}

export function succeed(body: object): Answer {
  return { status: 200, body };
}

/**
 * A refusal that the caller can act on.
 * @param code what a program compares, stable
 * @param message a sentence for the user; never holds a secret
 */
export function refuse(status: number, code: string, message: string, more: object = {}): Answer {
  return { status, body: { code, message, ...more } };
}

/**
 * Reads the JSON body of a request, checks it, and lets `handle` answer.
 * A body that fails its schema gets 400 `{ code, message, field_errors }`, a method other than POST 405, and
 * anything unforeseen 500 with a general sentence: what happened goes to the log, without texts that may
 * hold what the caller sent.
 *
 * @param name of the function, for the log
 */
export async function respond<Schema extends z.ZodType>(
  request: Request,
  name: string,
  schema: Schema,
  handle: (body: z.output<Schema>) => Promise<Answer>,
): Promise<Response> {
  try {
    if (request.method !== 'POST') {
      const { status, body } = refuse(405, 'method_not_allowed', 'This function is called with POST.');
      return Response.json(body, { status, headers: { allow: 'POST, OPTIONS' } });
    }
    const json = parseJson(await request.text());
    if (!json.ok)
      return send(refuse(400, 'invalid_json', 'The body is not valid JSON.', { field_errors: {} }));
    const parsed = schema.safeParse(json.value);
    if (!parsed.success) {
      const field_errors = fieldErrors(parsed.error);
      return send(refuse(400, 'invalid_body', 'Some fields need another value.', { field_errors }));
    }
    return send(await handle(parsed.data));
  } catch (error) {
    if (error instanceof DatabaseRefusal) return sendRefusal(error);
    log(name, error);
    return send(refuse(500, 'internal', describeError('internal').message));
  }
}

function send({ status, body }: Answer): Response {
  return Response.json(body, { status });
}

/** A limit is told with its numbers, and with `Retry-After` where waiting helps. */
function sendRefusal({ status, message, limit }: DatabaseRefusal): Response {
  if (!limit) return send(refuse(status, 'refused', message));
  const { body } = refuse(status, 'limit_reached', message, limit);
  const headers = new Headers();
  if (limit.retry_after_s !== undefined) headers.set('retry-after', String(limit.retry_after_s));
  return Response.json(body, { status, headers });
}

/** No body at all is an empty object: supabase-js sends none when there are no arguments. */
function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  if (text.trim() === '') return { ok: true, value: {} };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

/** Messages of foreign errors may quote addresses or values, so only ours are written, others by name and place. */
function log(name: string, error: unknown): void {
  const kind = error instanceof Error ? error.name : typeof error;
  const message = error instanceof AppError ? ` ${error.code}: ${error.message}` : '';
  const frames =
    error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  console.error([`${name} failed. ${kind}${message}`, ...frames.slice(0, 8)].join('\n'));
}
