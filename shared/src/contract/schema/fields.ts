/**
 * Mistakes in fields, and the ways to check a field that the page, the edge functions and the database share. That
 * the schemas made of these and the database agree is tested in tests/database/agreement.test.ts.
 */
import { z } from 'zod';

/**
 * What may be wrong with a field. Programs rely on the list: a code may be added, none changes its meaning. The
 * database has the same one, as the domain `private.field_code`.
 */
export const FIELD_CODES = [
  'required',
  'wrong_type',
  'unknown_choice',
  'bad_format',
  'too_long',
  'too_many',
  'out_of_range',
  'reserved',
  'secret_in_url',
  'unsupported_scheme',
  'blocked_address',
] as const;
const FieldCode = z.enum(FIELD_CODES);
export type FieldCode = z.infer<typeof FieldCode>;

/** A code for programs and a sentence for people. A code of a newer writer reads as `bad_format`. */
const FieldError = z.object({ code: FieldCode.catch('bad_format'), message: z.string() });
export type FieldError = z.infer<typeof FieldError>;

/** In `details` of a refusal by the database, in `field_errors` of one by an edge function. */
export const FieldErrors = z.record(z.string(), z.array(FieldError));
export type FieldErrors = z.infer<typeof FieldErrors>;

/** Checks what somebody sent. Issues inside a field (an item of a list) count for the field. */
export function readFields<Schema extends z.ZodType>(
  schema: Schema,
  sent: unknown,
): { ok: true; value: z.output<Schema> } | { ok: false; fieldErrors: FieldErrors } {
  // The input distinguishes a missing value from one of the wrong type.
  const parsed = schema.safeParse(sent, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data };
  const fieldErrors: FieldErrors = {};
  for (const issue of parsed.error.issues) {
    const field = String(issue.path[0] ?? '');
    (fieldErrors[field] ??= []).push({ code: codeOf(issue), message: issue.message });
  }
  return { ok: false, fieldErrors };
}

/** Only the sentences, for a form. */
export function sentencesOf(fieldErrors: FieldErrors): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(fieldErrors).map(([field, errors]) => [field, errors.map(({ message }) => message)]),
  );
}

function codeOf(issue: z.core.$ZodIssue): FieldCode {
  if (issue.code === 'custom') return FieldError.shape.code.parse(issue.params?.['code']);
  if (issue.input === undefined || issue.input === null) return 'required';
  switch (issue.code) {
    case 'invalid_type':
      return 'wrong_type';
    case 'invalid_value':
      return 'unknown_choice';
    case 'too_big':
    case 'too_small':
      if (issue.origin === 'string') return issue.input === '' ? 'required' : 'too_long';
      return issue.origin === 'array' ? 'too_many' : 'out_of_range';
    default:
      return 'bad_format';
  }
}

/** For `superRefine`: raises what `find` finds wrong with a value. */
export function refuse<Value>(find: (value: Value) => FieldError | null) {
  return (value: Value, context: z.RefinementCtx<Value>): void => {
    const problem = find(value);
    if (problem)
      context.addIssue({ code: 'custom', message: problem.message, params: { code: problem.code } });
  };
}

interface TextLimits {
  /** Characters, not the units that JavaScript counts: a smiley is one. */
  max: number;
  /** What to do when there is none; without it, the text may be empty. */
  required?: string;
}

/** What is wrong with a text that was trimmed. */
export function textProblem(text: string, { max, required }: TextLimits): FieldError | null {
  if (required !== undefined && text === '') return { code: 'required', message: required };
  if ([...text].length > max) return { code: 'too_long', message: `Use at most ${max} characters.` };
  return isStorable(text) ? null : UNSTORABLE;
}

/** Text as a user types it, without the white space around it. */
export function text(limits: TextLimits) {
  return trimmedText(limits.required).superRefine(refuse((value: string) => textProblem(value, limits)));
}

/** A string without the white space around it, for checks of its own. */
export function trimmedText(required = 'Enter text.') {
  return z.string(required).trim();
}

export const UNSTORABLE: FieldError = {
  code: 'bad_format',
  message: 'This contains a character that cannot be stored.',
};

/** PostgreSQL stores neither the character zero nor half of a pair. */
export function isStorable(value: string): boolean {
  return !value.includes('\0') && !/\p{Surrogate}/u.test(value);
}

/** One of these values; the message names them. */
export function choice<const Values extends readonly string[]>(values: Values) {
  const last = values.at(-1) ?? '';
  const others = values.slice(0, -1).join(', ');
  return z.enum(values, others === '' ? `Choose ${last}.` : `Choose ${others} or ${last}.`);
}

/** A whole number of a range, with one sentence for all that may be wrong. */
export function wholeNumber({ min, max }: { min: number; max: number }, words: string) {
  return z.int(words).min(min, words).max(max, words);
}
