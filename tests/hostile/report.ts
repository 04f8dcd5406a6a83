import { z } from 'zod';
import type { Tally } from '../run/tally.ts';

const Row = z.object({
  attack: z.string(),
  bound: z.string(),
  measured: z.string(),
  outcome: z.enum(['ok', 'FAILED', 'skipped']),
});
export type Row = z.infer<typeof Row>;

const HEADINGS = ['attack', 'bound', 'measured', 'ok'] as const;

/** A Markdown table; the name of an attack stands in its first row only. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ attack, bound, measured, outcome }, at) => {
    const isSame = rows[at - 1]?.attack === attack;
    return [isSame ? '' : attack, bound, measured, outcome].map((text) => text.replaceAll('|', '\\|'));
  });
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const write = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = write(widths.map((width) => '-'.repeat(width)));
  return [write(HEADINGS), rule, ...lines.map(write)].join('\n');
}

/** Counts each row as a test. @throws ZodError when the report is no list of rows, or an empty one */
export function countRows(report: unknown): Tally {
  const rows = z.array(Row).min(1).parse(report);
  const count = (wanted: Row['outcome']): number => rows.filter(({ outcome }) => outcome === wanted).length;
  return { passed: count('ok'), failed: count('FAILED'), skipped: count('skipped') };
}
