export const STATES = ['ok', 'failed', 'unknown'] as const;

/** What one check found. */
export interface Finding {
  check: string;
  /** `unknown`: it could not be looked at; that alone is no failure. */
  state: (typeof STATES)[number];
  said: string;
  /** What to do, in one sentence; with every failure. */
  mend?: string;
}

export const ok = (check: string, said: string): Finding => ({ check, state: 'ok', said });
export const unknown = (check: string, said: string): Finding => ({ check, state: 'unknown', said });
export const failed = (check: string, said: string, mend: string): Finding => ({
  check,
  state: 'failed',
  said,
  mend,
});

const MARKS = { ok: 'ok     ', failed: 'FAILED ', unknown: '?      ' } as const;

/** One line a finding, the mend of a failure on the next. */
export function linesOf(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.flatMap(({ check, state, said, mend }) => [
    `${MARKS[state]}${check.padEnd(width)}  ${said}`,
    ...(mend === undefined ? [] : [`       ${''.padEnd(width)}  → ${mend}`]),
  ]);
}
