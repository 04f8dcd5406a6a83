import { expect, it } from 'vitest';
import type { RecordedCall } from '@patchbay/shared/contract/schema/session';
import type { Database } from '../database.ts';
import { Reports } from './reports.ts';

const call = (id: string): RecordedCall => ({
  id,
  session_id: 's',
  server_id: 'n',
  tool_name: 'add',
  arguments: {},
  outcome: 'ok',
  error_code: null,
  started_at: '2026-11-22T12:00:00.000Z',
  queue_ms: 0,
  duration_ms: 1,
  result_bytes: 1,
});

it('a report that can not be written costs no other, and is not tried for ever', async () => {
  const recorded: string[] = [];
  const dropped: object[] = [];
  const database = {
    recordToolCalls: (calls: readonly RecordedCall[]) => {
      if (calls.some(({ id }) => id === 'bad')) return Promise.reject(new RangeError('too deep'));
      recorded.push(...calls.map(({ id }) => id));
      return Promise.resolve();
    },
  } as unknown as Database;
  const log = { error: (fields: object) => void dropped.push(fields) } as never;
  const reports = new Reports(database, 's', log);
  for (const id of ['a', 'bad', 'b']) reports.toolCall(call(id));
  await reports.flush(2_000);
  expect(recorded).toEqual(['a', 'b']);
  expect(dropped).toMatchObject([{ what: 'tool calls', count: 1 }]);
});
