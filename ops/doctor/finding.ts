export interface Finding {
  check: string;
  /** `warning`: works now, but not for long; `unknown`: couldn't be checked. Neither is a failure. */
  state: 'ok' | 'failed' | 'warning' | 'unknown';
  said: string;
  /** In one sentence; set for every failure and warning. */
  fix?: string;
}

export const ok = (check: string, said: string): Finding => ({ check, state: 'ok', said });
export const warning = (check: string, said: string, fix: string): Finding => ({
  check,
  state: 'warning',
  said,
  fix,
});
export const unknown = (check: string, said: string): Finding => ({ check, state: 'unknown', said });
export const failed = (check: string, said: string, fix: string): Finding => ({
  check,
  state: 'failed',
  said,
  fix,
});

const MARKS = { ok: 'ok     ', failed: 'FAILED ', warning: 'WARNING', unknown: '?      ' } as const;

/** One line a finding, what to do about it on the next. */
export function linesOf(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.flatMap(({ check, state, said, fix }) => [
    `${MARKS[state]} ${check.padEnd(width)}  ${said}`,
    ...(fix === undefined ? [] : [`        ${''.padEnd(width)}  → ${fix}`]),
  ]);
}
