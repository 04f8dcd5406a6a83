import { z } from 'zod';
import { isStorable, refuse, UNSTORABLE, type FieldError } from './fields.ts';

const MAX_BYTES = 16_384;

/** What a user keeps with a row: a JSON object of at most 16 KB, counted as the database writes it. */
export const Metadata = z.custom<Record<string, unknown>>().superRefine(refuse(metadataProblem));

function metadataProblem(value: unknown): FieldError | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { code: 'wrong_type', message: 'Metadata must be a JSON object.' };
  }
  if (!isAllStorable(value)) return UNSTORABLE;
  return storedBytes(value) > MAX_BYTES
    ? { code: 'too_long', message: 'Use at most 16 KB of metadata.' }
    : null;
}

function isAllStorable(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => isStorable(key) && isAllStorable(inner));
}

/** The length of a JSON value as PostgreSQL writes `jsonb`: a space behind each colon and comma, numbers in full. */
function storedBytes(value: unknown): number {
  if (typeof value === 'number') return digitsInFull(value);
  if (typeof value !== 'object' || value === null) return utf8Bytes(JSON.stringify(value));
  const parts = Array.isArray(value)
    ? value.map(storedBytes)
    : Object.entries(value).map(([key, inner]) => storedBytes(key) + 2 + storedBytes(inner));
  return 2 + parts.reduce((sum, part) => sum + part, 0) + 2 * Math.max(0, parts.length - 1);
}

/** JavaScript writes 1e+21 where PostgreSQL writes all 22 digits. */
function digitsInFull(value: number): number {
  const [mantissa = '', exponent] = JSON.stringify(value).split('e');
  if (exponent === undefined) return mantissa.length;
  const sign = value < 0 ? 1 : 0;
  const fraction = mantissa.split('.')[1]?.length ?? 0;
  const power = Number(exponent);
  return power > 0 ? sign + power + 1 : sign + 2 - power + fraction;
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
