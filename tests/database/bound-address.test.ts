import { boundAddress } from '@patchbay/shared/contract/bound-address';
import fc from 'fast-check';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

let sql: Sql;
beforeAll(() => {
  sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
});
afterAll(() => sql.end({ timeout: 2 }));

const Part = fc.oneof(
  fc.constantFrom(
    '',
    'A',
    'z',
    'É',
    'İ',
    'ß',
    '/',
    '//',
    '?',
    '#',
    ':',
    ':443',
    ':80',
    ':0443',
    '.',
    '..',
    '@',
    '%2F',
    '\n',
  ),
  fc
    .string({ unit: 'grapheme', maxLength: 4 })
    .filter((text) => !text.includes('\u0000') && text.isWellFormed()),
);
const Url = fc
  .tuple(
    fc.constantFrom('https://', 'HTTP://', 'http://', 'hTTps://', 'ftp://', ''),
    fc.array(Part, { maxLength: 8 }),
  )
  .map(([scheme, parts]) => scheme + parts.join(''));

it('about any text', async () => {
  const urls = fc.sample(Url, { numRuns: 3_000, seed: 17 });
  const rows = await sql<{ url: string; address: string }[]>`
    select url, private.bound_address(url) as address from jsonb_array_elements_text(${urls as never}) as url`;
  expect(rows).toHaveLength(urls.length);
  for (const { url, address } of rows) expect([url, boundAddress(url)]).toEqual([url, address]);
});
