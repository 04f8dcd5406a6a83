export interface Finding {
  /** A claim that holds if the product is safe, such as "the monitor takes at most 32 MB of the list". */
  bound: string;
  measured: string;
  isOk: boolean;
}

/** A bound on a number. */
export function atMost(what: string, measured: number, limit: number, unit: string): Finding {
  const shown = (value: number): string => `${Math.round(value * 10) / 10} ${unit}`;
  return { bound: `${what}: at most ${shown(limit)}`, measured: shown(measured), isOk: measured <= limit };
}

/** A claim that holds or doesn't. */
export function holds(bound: string, isOk: boolean, measured = isOk ? 'yes' : 'no'): Finding {
  return { bound, measured, isOk };
}
