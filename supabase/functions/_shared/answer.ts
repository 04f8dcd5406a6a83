import type { z } from 'zod';
import { AppError, describeError } from '../../../shared/src/contract/errors.ts';
import { readFields } from '../../../shared/src/contract/schema/fields.ts';
import {
  STREAM_TYPE,
  type CallToolEvent,
  type TestConnectionEvent,
} from '../../../shared/src/contract/schema/functions.ts';
import { DatabaseRefusal } from './read.ts';
import { currentTrace, holdSpan } from './trace.ts';

/** A status and a JSON body. Errors have the body `{ code, message, ... }`. */
export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
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

export interface Caller {
  /** Reports progress; does nothing unless the caller asked for a stream. */
  tell: (event: CallToolEvent | TestConnectionEvent) => void;
  signal: AbortSignal;
}

/**
 * Reads the JSON body of a request, checks it, and lets `handle` answer.
 * A body that fails its schema gets 400 `{ code, message, field_errors }`, a method other than POST 405, and
 * anything unforeseen 500 with a general sentence: what happened goes to the log, without texts that may
 * hold what the caller sent. With `Accept: application/x-ndjson` what `handle` tells comes as it happens, one
 * JSON object a line, and the answer as the last line (see StreamEnd).
 *
 * @param name of the function, for the log
 */
export async function respond<Schema extends z.ZodType>(
  request: Request,
  name: string,
  schema: Schema,
  handle: (body: z.output<Schema>, caller: Caller) => Promise<Answer>,
): Promise<Response> {
  if (request.method !== 'POST') {
    const refusal = refuse(405, 'method_not_allowed', 'Call this function with POST.');
    return send({ ...refusal, headers: { allow: 'POST, OPTIONS' } });
  }
  const answer = (caller: Caller) => answerTo(request, name, schema, (body) => handle(body, caller));
  const wantsStream = request.headers.get('accept')?.includes(STREAM_TYPE) ?? false;
  if (wantsStream) return await stream(request, answer);
  return send(await answer({ tell: () => {}, signal: request.signal }));
}

async function answerTo<Schema extends z.ZodType>(
  request: Request,
  name: string,
  schema: Schema,
  handle: (body: z.output<Schema>) => Promise<Answer>,
): Promise<Answer> {
  try {
    const json = parseJson(await request.text());
    if (!json.ok) return refuse(400, 'invalid_json', 'The body is not valid JSON.', { field_errors: {} });
    const read = readFields(schema, json.value);
    if (read.ok) return await handle(read.value);
    return refuse(400, 'invalid_body', 'Some fields are invalid.', { field_errors: read.fieldErrors });
  } catch (error) {
    if (error instanceof DatabaseRefusal) return refusalOf(error);
    logFailure(name, error);
    return refuse(500, 'internal', describeError('internal').message);
  }
}

/** The answer as it goes out. */
export function send({ status, body, headers = {} }: Answer): Response {
  return Response.json(body, { status, headers });
}

/** A limit is returned with its numbers, and with `Retry-After` where waiting helps. */
export function refusalOf({ status, message, code, hint, limit }: DatabaseRefusal): Answer {
  if (!limit) return refuse(status, code ?? 'refused', message);
  const answer = refuse(status, 'limit_reached', message, { ...limit, hint });
  const { retry_after_s: seconds } = limit;
  return seconds === undefined ? answer : { ...answer, headers: { 'retry-after': String(seconds) } };
}

/** Events buffered for a caller that doesn't read: a server may report progress a thousand times a second. */
const MAX_UNREAD = 64;

/** Starts the response with the first event; a response without events keeps its own status. */
function stream(request: Request, answer: (caller: Caller) => Promise<Answer>): Promise<Response> {
  const gone = new AbortController();
  request.signal.addEventListener('abort', () => gone.abort(), { once: true });
  const encoder = new TextEncoder();
  let lines!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void (lines = controller),
    cancel: () => gone.abort(),
  });
  const write = (line: object) => {
    if (!gone.signal.aborted) lines.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
  };
  const { promise, resolve } = Promise.withResolvers<Response>();
  let isStreaming = false;
  const tell: Caller['tell'] = (event) => {
    if (event.type === 'progress' && (lines.desiredSize ?? 0) < -MAX_UNREAD) return;
    if (!isStreaming) resolve(new Response(body, { headers: { 'content-type': STREAM_TYPE } }));
    isStreaming = true;
    write(event);
  };
  const ended = answer({ tell, signal: gone.signal }).then((ending) => {
    if (!isStreaming) return resolve(send(ending));
    const { status, body: said } = ending;
    write(
      status === 200
        ? { ...(said as object), type: 'answer' }
        : { ...(said as object), type: 'refusal', status },
    );
    if (!gone.signal.aborted) lines.close();
  });
  holdSpan(ended);
  return promise;
}

/** supabase-js sends no body when there are no arguments. */
function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  if (text.trim() === '') return { ok: true, value: {} };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

/**
 * One JSON object a line. Messages of foreign errors may quote addresses or values, so only ours are written, others by
 * name and place.
 */
export function logFailure(name: string, error: unknown): void {
  const kind = error instanceof Error ? error.name : typeof error;
  const message = error instanceof AppError ? ` ${error.code}: ${error.message}` : '';
  const frames =
    error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  const line = {
    level: 'error',
    function: name,
    trace_id: currentTrace()?.traceId,
    message: `${name} failed. ${kind}${message}`,
    stack: frames.slice(0, 8).join('\n'),
  };
  console.error(JSON.stringify(line));
}
