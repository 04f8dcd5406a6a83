interface TapResult {
  number: number;
  ok: boolean;
  description: string;
  skipped: boolean;
  diagnostics: string[];
}

export interface TapReport {
  /** Null if the file never called plan(). */
  planned: number | null;
  results: TapResult[];
}

/**
 * Reads what pgTAP's functions answered. A value may hold several lines: a failed test brings its diagnostics
 * along. Values that are no TAP (a test's own selects) are passed over.
 */
export function parseTap(values: readonly string[]): TapReport {
  const report: TapReport = { planned: null, results: [] };
  for (const value of values) {
    const isTap = /^(?:ok|not ok) \d+|^1\.\.\d+|^#/.test(value);
    if (!isTap) continue;
    for (const line of value.split('\n')) readLine(line, report);
  }
  return report;
}

function readLine(line: string, report: TapReport): void {
  const plan = /^1\.\.(\d+)/.exec(line);
  if (plan) {
    report.planned = Number(plan[1]);
    return;
  }
  const result = /^(not )?ok (\d+)(?: - )?(.*)$/.exec(line);
  if (result) {
    const [, not, number, text = ''] = result;
    const [description = '', directive] = text.split(/\s*# (?=SKIP|TODO)/i);
    report.results.push({
      number: Number(number),
      // Tests marked TODO may fail.
      ok: not === undefined || /^TODO/i.test(directive ?? ''),
      description: description.trim(),
      skipped: directive !== undefined,
      diagnostics: [],
    });
    return;
  }
  if (line.startsWith('#')) report.results.at(-1)?.diagnostics.push(line.replace(/^# ?/, ''));
}
