import type { ToolCallRow, TranscriptLine } from '@patchbay/shared/contract/schema/session';
import { describe, expect, it } from 'vitest';
import { timelineOf } from './timeline.ts';

const line = (text: string, said_at: string) => ({ text, said_at }) as TranscriptLine;
const call = (tool_name: string, started_at: string) => ({ tool_name, started_at }) as ToolCallRow;

describe('timelineOf', () => {
  it('orders lines and calls by time, whatever its format', () => {
    const moments = timelineOf(
      [line('It is four.', '2026-11-22T12:00:03.5+00:00'), line('What time is it?', '2026-11-22T12:00:01Z')],
      [call('current_time', '2026-11-22 12:00:02+00')],
    );
    expect(
      moments.map((moment) => (moment.kind === 'said' ? moment.line.text : moment.call.tool_name)),
    ).toEqual(['What time is it?', 'current_time', 'It is four.']);
  });

  it('puts a line before a call of the same time', () => {
    const at = '2026-11-22T12:00:00Z';
    expect(timelineOf([line('Now.', at)], [call('now', at)]).map(({ kind }) => kind)).toEqual([
      'said',
      'call',
    ]);
  });
});
