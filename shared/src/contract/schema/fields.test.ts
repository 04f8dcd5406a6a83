import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FieldErrors, readFields, sentencesOf, text } from './fields.ts';
import { Metadata } from './metadata.ts';

const Body = z.object({
  name: text({ max: 3, required: 'Give it a name.' }),
  count: z.int('A whole number.').max(5, 'At most 5.').optional(),
  kind: z.enum(['a', 'b'], 'Choose a or b.').optional(),
  list: z.array(z.string()).max(1, 'At most one.').optional(),
});

const codes = (body: unknown) => {
  const read = readFields(Body, body);
  return read.ok ? {} : Object.fromEntries(Object.entries(read.fieldErrors).map(([k, v]) => [k, v[0]?.code]));
};

describe('readFields', () => {
  it('gives what fits, tidied', () => {
    expect(readFields(Body, { name: ' a ' })).toEqual({ ok: true, value: { name: 'a' } });
  });

  it.each([
    [{}, { name: 'required' }],
    [{ name: null }, { name: 'required' }],
    [{ name: ' ' }, { name: 'required' }],
    [{ name: 5 }, { name: 'wrong_type' }],
    [{ name: 'abcd' }, { name: 'too_long' }],
    [{ name: 'a\0' }, { name: 'bad_format' }],
    [{ name: 'a', count: 1.5 }, { count: 'wrong_type' }],
    [{ name: 'a', count: 6 }, { count: 'out_of_range' }],
    [{ name: 'a', kind: 'c' }, { kind: 'unknown_choice' }],
    [{ name: 'a', list: ['x', 'y'] }, { list: 'too_many' }],
    [{ name: 'a', list: [1] }, { list: 'wrong_type' }],
    ['no object', { '': 'wrong_type' }],
  ])('reports %j as %j', (body, expected) => {
    expect(codes(body)).toEqual(expected);
  });

  it('counts characters as people do', () => {
    expect(codes({ name: '\u{1f600}\u{1f600}\u{1f600}' })).toEqual({});
  });
});

it('a form shows the sentences', () => {
  const read = readFields(Body, { name: '' });
  expect(read.ok ? {} : sentencesOf(read.fieldErrors)).toEqual({ name: ['Give it a name.'] });
});

it('a code that a newer writer made up can be read', () => {
  const errors = FieldErrors.parse({ url: [{ code: 'brand_new', message: 'No.' }] });
  expect(errors).toEqual({ url: [{ code: 'bad_format', message: 'No.' }] });
});

it.each([[[]], ['text'], [null]])('%j is no metadata', (value) => {
  const read = readFields(z.object({ metadata: Metadata }), { metadata: value });
  expect(read.ok ? {} : read.fieldErrors).toMatchObject({ metadata: [{ code: 'wrong_type' }] });
});
