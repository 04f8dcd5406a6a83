/**
 * Mends a parsed JSON-RPC message before the SDK sees it, whose schemas refuse a whole message for one null, one gap or
 * one unknown field. What is no message of ours comes back as it is, for the SDK to refuse.
 */
import { isDeepStrictEqual } from 'node:util';
import { MAX_JSON_DEPTH, cutDepth } from '../../contract/json/json-depth.ts';
import { isJsonObject, type JsonObject } from '../../contract/json/json-object.ts';
import { normalizeResult, type AskedRequest } from './normalize-result.ts';

/** A request of ours whose answer a message may be. */
export interface SentRequest extends AskedRequest {
  id: string | number;
}

const INTERNAL_ERROR = -32_603;
/** Fields of notices and questions that the SDK takes as numbers only. */
const NUMBERS = new Set(['progress', 'total']);

/**
 * The message as the SDK's schemas take it. Pure, and the same when it is done twice; never throws.
 *
 * @param raw the parsed JSON of one message; batches are split before
 * @param request what the message responds to; null for a server's own requests and notices
 * @returns the same object when nothing had to change
 */
export function normalizeMessage(raw: unknown, request: SentRequest | null): unknown {
  if (!isJsonObject(raw)) return raw;
  const flat = cutDepth(raw, MAX_JSON_DEPTH) as JsonObject;
  const message = isResponse(flat) ? normalizeResponse(flat, request) : normalizeCall(flat);
  return isSame(raw, message) ? raw : message;
}

/** A web server's JSON may have a `result` or an `error`, too; the rest of the envelope tells. */
function isResponse(raw: JsonObject): boolean {
  return ('result' in raw || 'error' in raw) && ('jsonrpc' in raw || 'id' in raw);
}

function normalizeResponse(raw: JsonObject, request: SentRequest | null): JsonObject {
  const { id: rawId, result, error } = raw;
  const id = idOf(rawId, request);
  const head = { jsonrpc: '2.0', ...(id !== null && { id }) };
  if (isError(error, result)) return { ...head, error: errorOf(error) };
  return { ...head, result: request ? normalizeResult(result, request) : result };
}

/** Beside a result, only an error with something in it is one. */
function isError(error: unknown, result: unknown): boolean {
  if (!error) return false;
  if (result === null || result === undefined) return true;
  // A struct that was never filled in has the code 0 and no message.
  return isJsonObject(error) && Object.values(error).some((one) => Boolean(one));
}

/** Our own id where it is missing or only written differently. */
function idOf(id: unknown, request: SentRequest | null): unknown {
  if (id === null || id === undefined) return request?.id ?? null;
  const isText = typeof id === 'string' || typeof id === 'number';
  return request && isText && String(id) === String(request.id) ? request.id : id;
}

function errorOf(error: unknown): JsonObject {
  if (!isJsonObject(error)) return { code: INTERNAL_ERROR, message: textOf(error) };
  const { code, message, data } = error;
  const number = typeof code === 'string' && code.trim() !== '' ? Number(code) : code;
  return {
    code: Number.isSafeInteger(number) ? number : INTERNAL_ERROR,
    message: textOf(message ?? data ?? ''),
    ...(data !== null && data !== undefined && { data }),
  };
}

/** A request or notice of the server; anything else stays as it is. */
function normalizeCall(raw: JsonObject): JsonObject {
  const { id, method, params } = raw;
  if (typeof method !== 'string' || !('jsonrpc' in raw)) return raw;
  return {
    jsonrpc: '2.0',
    ...((typeof id === 'string' || typeof id === 'number') && { id }),
    method,
    ...(isJsonObject(params) && { params: normalizeParams(params) }),
  };
}

function normalizeParams(params: JsonObject): JsonObject {
  const entries = Object.entries(params).flatMap(([name, value]) => {
    if (value === null) return [];
    if (name === '_meta') return isJsonObject(value) ? [[name, withoutNulls(value)]] : [];
    if (name === 'requestedSchema') return [[name, normalizeForm(value)]];
    if (!NUMBERS.has(name) || typeof value === 'number') return [[name, value]];
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
    return Number.isNaN(number) ? [] : [[name, number]];
  });
  return Object.fromEntries(entries) as JsonObject;
}

/** The form of a question to the user: its fields are described by keywords, of which none means anything as null. */
function normalizeForm(form: unknown): unknown {
  if (!isJsonObject(form)) return form;
  const { properties } = form;
  const fields = isJsonObject(properties)
    ? Object.entries(properties).map(([name, field]) => [
        name,
        isJsonObject(field) ? withoutNulls(field) : field,
      ])
    : [];
  return { type: 'object', ...withoutNulls(form), properties: Object.fromEntries(fields) as JsonObject };
}

function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null));
}

function isSame(one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    // Nested too deeply to be compared.
    return false;
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    // Nested too deeply to be written.
    return '';
  }
}
