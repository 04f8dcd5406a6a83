import { bytesOf } from './stored-size.ts';

/** An `author` is none, an `authorization` is one. */
const SECRET_KEY =
  /passw|passphrase|secret|token|api[-_ ]?key|private[-_ ]?key|auth(?!or(?!iz))|credential|cookie|cvv|(^|[^a-z])(pass|pin)([^a-z]|$)/i;
const STRING_LIMIT = 200;
const ENTRY_LIMIT = 20;
const DEPTH_LIMIT = 4;
/** Of JSON as the database writes it: less than the 16 KB that a row takes, for the marks of what was cut. */
const BYTE_LIMIT = 12_000;
/** What a number may take when it is written out, as the database does. */
const LONGEST_NUMBER = 330;
/** An empty object or list, or the mark in its place, with what separates it from the next. */
const EMPTY = 7;
const CUT = '…';

/**
 * Arguments of a call as they may be stored and shown: values under keys that look like secrets are
 * replaced, long texts, keys and lists are cut, and what lies too deep, or beyond 12 KB, is left out.
 */
export function redact(value: unknown): unknown {
  return kept(value, 0, { bytes: BYTE_LIMIT });
}

/** @param room what may still be kept; it shrinks */
function kept(value: unknown, depth: number, room: { bytes: number }): unknown {
  if (typeof value === 'string') return keptText(value, room);
  if (value === null || typeof value !== 'object') return keptScalar(value, room);
  room.bytes -= EMPTY;
  if (depth >= DEPTH_LIMIT || room.bytes < 0) return CUT;
  if (Array.isArray(value)) {
    const shown = value
      .slice(0, ENTRY_LIMIT)
      .flatMap((entry) => (room.bytes < 0 ? [] : [kept(entry, depth + 1, room)]));
    return shown.length < value.length ? [...shown, `${CUT} (${value.length} entries)`] : shown;
  }
  const entries = Object.entries(value);
  const shown = entries.slice(0, ENTRY_LIMIT).flatMap(([key, inner]) => {
    if (room.bytes < 0) return [];
    const name = keptText(key, room);
    return [[name, SECRET_KEY.test(key) ? '[redacted]' : kept(inner, depth + 1, room)] as const];
  });
  return Object.fromEntries(
    shown.length < entries.length ? [...shown, [CUT, `${entries.length} entries`]] : shown,
  );
}

function keptText(text: string, room: { bytes: number }): string {
  const shown =
    text.length > STRING_LIMIT
      ? `${text.slice(0, STRING_LIMIT).toWellFormed()}${CUT} (${text.length} characters)`
      : text;
  room.bytes -= bytesOf(JSON.stringify(shown)) + 2;
  return shown;
}

/** JSON has no infinity, which is what a number beyond its range is read as. */
function keptScalar(value: unknown, room: { bytes: number }): unknown {
  const text = String(value);
  room.bytes -= text.includes('e') ? LONGEST_NUMBER : text.length + 2;
  return typeof value === 'number' && !Number.isFinite(value) ? text : value;
}
