/** The table that `npm run interop` prints and docs/interop.md holds. */
import { STEPS, type Outcome } from './exercise.ts';
import type { RegistryServer } from './registry-server.ts';

export interface Row {
  server: Pick<RegistryServer, 'name' | 'from' | 'package' | 'version' | 'http' | 'bridge'>;
  /** null where it could not be installed; the reason stands in `why`. */
  outcome: Outcome | null;
  why?: string;
}

const HEAD = ['server', 'version', 'reached', ...STEPS] as const;

/** A Markdown table, one server a row; what went wrong stands in a list behind it. */
export function tableOf(rows: readonly Row[]): string {
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
  return [`${server.name} (${server.from})`, server.version, wayTo(server), ...steps];
}

function wayTo({ http, bridge }: Row['server']): string {
  return http ? 'HTTP' : (bridge ?? 'mcp-proxy');
}

function faultOf({ server, outcome, why }: Row): string[] {
  if (outcome === null) return [`- ${server.name}: not installed: ${oneLine(why ?? '')}`];
  const { fault } = outcome;
  return fault ? [`- ${server.name}: ${fault.step}: ${oneLine(fault.why)}`] : [];
}

/** Words of a stranger, safe in Markdown. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const short = line.length > 300 ? `${line.slice(0, 299)}…` : line;
  return `\`${short.replaceAll('`', "'")}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('_', String.raw`\_`);
}
