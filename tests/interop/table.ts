import { STEPS, type Outcome } from './exercise.ts';
import type { RegistryServer } from './registry-server.ts';

export interface Row {
  server: Pick<RegistryServer, 'name' | 'from' | 'package' | 'version' | 'http' | 'bridge'>;
  /** Null if it could not be installed; `why` has the reason. */
  outcome: Outcome | null;
  why?: string;
}

const HEAD = ['package', 'version', 'reached', 'protocol', ...STEPS] as const;

/** A Markdown table for each registry, one server a row; what went wrong stands in a list behind it. */
export function tablesOf(rows: readonly Row[]): string {
  const groups = Map.groupBy(rows, ({ server }) => server.from);
  return [...groups].map(([from, own]) => `### ${from}\n\n${tableOf(own)}`).join('\n\n');
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(cellsOf);
  const widths = HEAD.map((head, n) => Math.max(head.length, ...cells.map((row) => row[n]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const faults = rows.flatMap(faultOf);
  return [line(HEAD), rule, ...cells.map(line), ...(faults.length > 0 ? ['', ...faults] : [])].join('\n');
}

/** Whether every step of a server went well. */
export function isWhole({ outcome }: Row): boolean {
  return outcome !== null && outcome.fault === undefined;
}

function cellsOf({ server, outcome }: Row): string[] {
  const steps = STEPS.map((step) => {
    const found = outcome?.found[step];
    if (found !== undefined) return cell(found);
    return outcome?.fault?.step === step ? '**no**' : '';
  });
  return [`\`${server.package}\``, server.version, wayTo(server), outcome?.protocol ?? '', ...steps];
}

function wayTo({ http, bridge }: Row['server']): string {
  if (!http) return bridge ?? 'mcp-proxy';
  return http.path === '/sse' ? 'HTTP+SSE' : 'HTTP';
}

function faultOf({ server, outcome, why }: Row): string[] {
  if (outcome === null) return [`- ${server.name}: not tried: ${oneLine(why ?? '')}`];
  const { fault } = outcome;
  return fault ? [`- ${server.name}: ${fault.step}: ${oneLine(fault.why)}`] : [];
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const short = line.length > 300 ? `${line.slice(0, 299)}…` : line;
  return `\`${short.replaceAll('`', "'")}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
