import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { expect, it } from 'vitest';
import { SORTS, sorted, type Sort } from './sort.ts';

const server = (name: string, fields: Partial<McpServerRow>): McpServerRow =>
  ({
    id: name,
    name,
    is_active: true,
    connection_status: 'connected',
    error_code: null,
    latency_ms: null,
    tool_count: null,
    updated_at: '2026-11-22T12:00:00Z',
    ...fields,
  }) as McpServerRow;

const servers = [
  server('shop 10', { latency_ms: 4, tool_count: 2, updated_at: '2026-11-22T12:00:01Z' }),
  server('Shop 9', { connection_status: 'error', error_code: 'timeout', tool_count: 30 }),
  server('apples', { is_active: false, latency_ms: 900 }),
];

it.each<[Sort, string[]]>([
  ['own', ['shop 10', 'Shop 9', 'apples']],
  ['name', ['apples', 'Shop 9', 'shop 10']],
  ['state', ['Shop 9', 'shop 10', 'apples']],
  ['latency', ['apples', 'shop 10', 'Shop 9']],
  ['tools', ['Shop 9', 'shop 10', 'apples']],
  ['changed', ['shop 10', 'apples', 'Shop 9']],
])('by %s', (sort, names) => {
  expect(sorted(servers, sort).map(({ name }) => name)).toEqual(names);
});

it('keeps every server and does not change the list', () => {
  const before = [...servers];
  for (const sort of SORTS) expect(new Set(sorted(servers, sort))).toEqual(new Set(servers));
  expect(servers).toEqual(before);
});
