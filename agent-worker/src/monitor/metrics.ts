import { z } from 'zod';

/** A row of the answer of `operating_metrics`. */
export const MetricRow = z.object({
  name: z.string(),
  label: z.string().nullable(),
  label_value: z.string().nullable(),
  value: z.number(),
});
export type MetricRow = z.infer<typeof MetricRow>;

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The rows as Prometheus reads them. Names and labels are our own, so nothing in them wants escaping. */
export function exposition(rows: readonly MetricRow[]): string {
  const lines: string[] = [];
  let last = '';
  for (const { name, label, label_value, value } of rows.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (name !== last) lines.push(`# TYPE ${name} gauge`);
    lines.push(`${name}${label === null ? '' : `{${label}="${label_value ?? ''}"}`} ${value}`);
    last = name;
  }
  return `${lines.join('\n')}\n`;
}
