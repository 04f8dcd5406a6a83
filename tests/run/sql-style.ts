// Uses the parser of Postgres. sql-formatter leaves function bodies as they are, and Supabase's language server deletes
// comments, so this checks syntax (PL/pgSQL included) and the few rules that a formatter would apply.
import { loadModule, parsePlPgSQLSync, parseSync, scanSync } from '@libpg-query/parser';

export interface SqlProblem {
  line: number;
  message: string;
}

interface SqlOptions {
  /** No `create or replace`, and tables have row-level security. */
  isDeclaration?: boolean;
  /** Checks only the syntax: migrations are generated or copied from the schemas. */
  isMigration?: boolean;
}

interface Token {
  /** Offsets in bytes. */
  start: number;
  text: string;
  keywordKind: number;
}
interface Statement {
  stmt: {
    CreateFunctionStmt?: { replace?: boolean; options: { DefElem: DefElem }[] };
    CreateStmt?: { relation: { schemaname?: string; relname: string } };
    AlterTableStmt?: {
      relation: { schemaname?: string; relname: string };
      cmds: { AlterTableCmd: { subtype: string } }[];
    };
  };
  stmt_location?: number;
  stmt_len?: number;
}
interface DefElem {
  defname: string;
  arg: { String?: { sval: string }; List?: { items: { String: { sval: string } }[] } };
}

const LONGEST_LINE = 120;
/** A literal of this length, such as a regular expression, may make its line longer. */
const LONG_LITERAL = /'[^']{80,}'/;

await loadModule();

/** @returns what is wrong with a file of SQL, by line; empty when nothing is */
export function findSqlProblems(text: string, options: SqlOptions = {}): SqlProblem[] {
  const bytes = Buffer.from(text);
  const lineAt = (offset: number): number => bytes.subarray(0, offset).toString().split('\n').length;
  let statements: Statement[];
  try {
    statements = (parseSync(text) as { stmts?: Statement[] }).stmts ?? [];
  } catch (error) {
    const { sqlDetails } = error as { sqlDetails?: { cursorPosition?: number } };
    return [{ line: lineAt(sqlDetails?.cursorPosition ?? 0), message: (error as Error).message }];
  }
  const problems = statements.flatMap(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    if (!stmt.CreateFunctionStmt) return [];
    const source = bytes.subarray(start, length === undefined ? undefined : start + length).toString();
    const found = findFunctionProblems(stmt.CreateFunctionStmt, source, options);
    // The parser's offset includes comments before the statement.
    const comments = Buffer.byteLength(/^(?:\s|--.*\n)*/.exec(source)?.[0] ?? '');
    return found.map((message) => ({ line: lineAt(start + comments), message }));
  });
  if (options.isDeclaration) problems.push(...findOpenTables(statements, lineAt));
  if (!options.isMigration) problems.push(...findStyleProblems(text));
  if (options.isDeclaration) problems.push(...findLongLines(text));
  return problems.sort((a, b) => a.line - b.line);
}

function findFunctionProblems(
  definition: NonNullable<Statement['stmt']['CreateFunctionStmt']>,
  source: string,
  { isDeclaration }: SqlOptions,
): string[] {
  const option = (name: string): DefElem['arg'] | undefined =>
    definition.options.find(({ DefElem }) => DefElem.defname === name)?.DefElem.arg;
  const problems: string[] = [];
  try {
    const body = option('as')?.List?.items[0]?.String.sval ?? '';
    if (option('language')?.String?.sval === 'sql') parseSync(body);
    else parsePlPgSQLSync(source);
  } catch (error) {
    // The parser's output for some valid functions is not JSON.
    if (!(error instanceof SyntaxError)) problems.push(`in the body: ${(error as Error).message}`);
  }
  if (isDeclaration && definition.replace)
    problems.push('declares each function once: no "create or replace"');
  return problems;
}

function findOpenTables(statements: Statement[], lineAt: (offset: number) => number): SqlProblem[] {
  const nameOf = ({ schemaname, relname }: { schemaname?: string; relname: string }): string =>
    `${schemaname}.${relname}`;
  const closed = new Set(
    statements.flatMap(({ stmt: { AlterTableStmt: alter } }) =>
      alter?.cmds.some(({ AlterTableCmd }) => AlterTableCmd.subtype === 'AT_EnableRowSecurity')
        ? [nameOf(alter.relation)]
        : [],
    ),
  );
  return statements.flatMap(({ stmt: { CreateStmt: table }, stmt_location: start = 0 }) =>
    table && !closed.has(nameOf(table.relation))
      ? [{ line: lineAt(start), message: `${nameOf(table.relation)} has no row-level security` }]
      : [],
  );
}

function findStyleProblems(text: string, firstLine = 1): SqlProblem[] {
  const bytes = Buffer.from(text);
  const { tokens } = scanSync(text) as { tokens: Token[] };
  const problems: SqlProblem[] = [];
  let [line, offset] = [firstLine, 0];
  for (const { start, text: source, keywordKind } of tokens) {
    line += bytes.subarray(offset, start).toString().split('\n').length - 1;
    offset = start;
    if (keywordKind > 0 && source !== source.toLowerCase())
      problems.push({ line, message: `keywords are in lower case: ${source}` });
    const [, body] = /^(?:\$\w*\$)([^]*)\$\w*\$$/.exec(source) ?? [];
    if (body !== undefined) problems.push(...findStyleProblems(body, line).filter(isAboutKeywords));
  }
  if (firstLine > 1) return problems;
  text.split('\n').forEach((content, index) => {
    if (/\s$|\t/.test(content))
      problems.push({ line: index + 1, message: 'has a tab or trailing whitespace' });
  });
  if (/\n\n\n/.test(text)) problems.push({ line: 1, message: 'has two blank lines in a row' });
  if (!text.endsWith('\n') || text.endsWith('\n\n'))
    problems.push({ line: 1, message: 'must end with one line break' });
  return problems;
}

function findLongLines(text: string): SqlProblem[] {
  return text.split('\n').flatMap((content, index) => {
    const isLong = content.length > LONGEST_LINE && !LONG_LITERAL.test(content);
    return isLong ? [{ line: index + 1, message: `is longer than ${LONGEST_LINE} characters` }] : [];
  });
}

function isAboutKeywords({ message }: SqlProblem): boolean {
  return message.startsWith('keywords');
}
