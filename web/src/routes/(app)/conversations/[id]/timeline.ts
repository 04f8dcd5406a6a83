import type { ToolCallRow, TranscriptLine } from '@patchbay/shared/contract/schema/session';

export type Moment =
  { kind: 'said'; at: string; line: TranscriptLine } | { kind: 'call'; at: string; call: ToolCallRow };

/** Merges transcript lines and calls by time; at the same moment, lines come first. */
export function timelineOf(lines: readonly TranscriptLine[], calls: readonly ToolCallRow[]): Moment[] {
  const moments: Moment[] = [
    ...lines.map((line): Moment => ({ kind: 'said', at: line.said_at, line })),
    ...calls.map((call): Moment => ({ kind: 'call', at: call.started_at, call })),
  ];
  return moments.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
