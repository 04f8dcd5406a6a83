import { expect, it } from 'vitest';
import { findSqlProblems } from './sql-style.ts';

const trigger = (body: string): string => `
create function private.f() returns trigger
language plpgsql set search_path = ''
as $$
${body}
$$;
`;

it.each([
  ['a statement that does not parse', 'select 1;\nselect frm;\nselect 1 2;\n', 3, /syntax error/],
  [
    'a PL/pgSQL body that does not parse',
    trigger('begin iff new.a then return new; end if; end'),
    2,
    /in the body/,
  ],
  [
    'an SQL body that does not parse',
    "create function f() returns text language sql as 'selec 1';\n",
    1,
    /body/,
  ],
  ['keywords in capitals', 'select 1;\nSELECT 2;\n', 2, /lower case: SELECT/],
  ['keywords in capitals in a body', trigger('begin\n  RETURN new;\nend'), 6, /lower case: RETURN/],
  ['a tab', 'select\n\t1;\n', 2, /tab or trailing/],
  ['trailing whitespace', 'select 1; \n', 1, /tab or trailing/],
  ['two blank lines in a row', 'select 1;\n\n\nselect 2;\n', 1, /blank lines/],
  ['a missing line break at the end', 'select 1;', 1, /line break/],
])('finds %s', (_, sql, line, message) => {
  expect(findSqlProblems(sql)).toEqual([{ line, message: expect.stringMatching(message) as string }]);
});

it.each([
  [
    'a function declared as a replacement',
    'create or replace function f() returns text language sql as $$ select 1 $$;\n',
  ],
  ['a table without row-level security', 'create table public.colors (id uuid primary key);\n'],
  ['a long line', `select ${'1 + '.repeat(40)}1;\n`],
])('finds %s in a declaration only', (_, sql) => {
  expect(findSqlProblems(sql)).toEqual([]);
  expect(findSqlProblems(sql, { isDeclaration: true })).toHaveLength(1);
});

it('checks only the syntax of migrations', () => {
  expect(findSqlProblems('SELECT 1 ;', { isMigration: true })).toEqual([]);
  expect(findSqlProblems('SELECT 1 2;', { isMigration: true })).toHaveLength(1);
});

it('accepts quoted capitals, comments, and a long literal in its line', () => {
  const literal = 'x'.repeat(130);
  const sql = `-- SELECT is a keyword\nselect 'SELECT', "Order" from public.t where a ~ '${literal}';\n`;
  expect(findSqlProblems(sql, { isDeclaration: true })).toEqual([]);
});
