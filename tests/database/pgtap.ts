// Each file runs in one transaction that is rolled back, including pgTAP, so nothing has to be installed. Works on any
// database with the migrations; `supabase test db` runs the same files.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { loadPgTapSource } from './pgtap-source.ts';
import { parseTap } from './tap.ts';

interface PgTapResult {
  file: string;
  ok: boolean;
  skipped: boolean;
  description: string;
  diagnostics: string[];
}

export interface PgTapSummary {
  passed: number;
  failed: number;
  skipped: number;
  failures: PgTapResult[];
}

export interface PgTapOptions {
  databaseUrl: string;
  onResult?: (result: PgTapResult) => void;
  folder?: string;
}

const TESTS = resolve(import.meta.dirname, '../../supabase/tests/database');
const SCHEMA = 'pgtap_run';

/**
 * Runs all tests in the order of their names. A file that breaks off, or runs another number of tests than
 * it planned, counts as one failure more.
 * @throws Error when the database cannot be reached or pgTAP cannot be loaded.
 */
export async function runPgTap(options: PgTapOptions): Promise<PgTapSummary> {
  const { databaseUrl, onResult = () => undefined, folder = TESTS } = options;
  const summary: PgTapSummary = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const entries = await readdir(folder, { recursive: true });
  const files = entries.filter((name) => name.endsWith('.test.sql')).sort();
  const source = await loadPgTapSource();
  const sql = postgres(databaseUrl, {
    max: 1,
    onnotice: () => undefined,
    connection: { application_name: 'pgtap' },
  });
  try {
    for (const file of files) {
      const { script, helpers } = await readTest(join(folder, file));
      for (const result of await runFile(sql, source + helpers, file, script)) {
        onResult(result);
        if (!result.ok) {
          summary.failed += 1;
          summary.failures.push(result);
        } else if (result.skipped) summary.skipped += 1;
        else summary.passed += 1;
      }
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
  return summary;
}

async function runFile(sql: Sql, setup: string, file: string, script: string): Promise<PgTapResult[]> {
  await sql`begin`;
  try {
    await sql.unsafe(`
      create schema ${SCHEMA};
      grant usage on schema ${SCHEMA} to public;
      set local search_path = ${SCHEMA}, public;
      set local client_min_messages = warning;
    `);
    await sql.unsafe(setup).simple();
    const values = textValues(await sql.unsafe(script).simple());
    const { planned, results } = parseTap(values);
    const outcomes = results.map((result): PgTapResult => ({ file, ...pick(result) }));
    if (planned !== results.length) {
      const description = `planned ${planned ?? 'nothing'}, ran ${results.length}`;
      outcomes.push({ file, ok: false, skipped: false, description, diagnostics: [] });
    }
    return outcomes;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    const line = error.position ? script.slice(0, Number(error.position)).split('\n').length : undefined;
    const diagnostics = [error.message, error.detail, error.where, line && `at line ${line}`];
    return [
      {
        file,
        ok: false,
        skipped: false,
        description: 'the test stopped with an error',
        diagnostics: diagnostics.filter((text): text is string => Boolean(text)),
      },
    ];
  } finally {
    await sql`rollback`;
  }
}

function pick({
  ok,
  skipped,
  description,
  diagnostics,
}: Omit<PgTapResult, 'file'>): Omit<PgTapResult, 'file'> {
  return { ok, skipped, description, diagnostics };
}

/** Removes what only psql can do: included files (`\\ir`) are returned as helpers; begin and rollback become blank. */
async function readTest(file: string): Promise<{ script: string; helpers: string }> {
  const test = await readFile(file, 'utf8');
  const includes = [...test.matchAll(/^\\ir (\S+)$/gm)].map(([, path = '']) => join(dirname(file), path));
  const helpers = await Promise.all(includes.map((path) => readFile(path, 'utf8')));
  return { script: test.replace(/^(?:begin;|rollback;|\\ir .*)[ \t]*$/gim, ''), helpers: helpers.join('\n') };
}

function textValues(answers: unknown): string[] {
  const rows = (answers as unknown[]).flat() as Record<string, unknown>[];
  return rows.flatMap((row) => Object.values(row).slice(0, 1)).filter((value) => typeof value === 'string');
}
