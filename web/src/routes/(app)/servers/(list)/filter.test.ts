import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { describe, expect, it } from 'vitest';
import { matching, NO_FILTER, stateChoices, tagsInUse } from './filter.ts';

function server(name: string, fields: Partial<McpServerRow> = {}): McpServerRow {
  return {
    name,
    url: `https://${name}.example/mcp`,
    description: '',
    tags: [],
    is_active: true,
    connection_status: 'connected',
    error_code: null,
    ...fields,
  } as McpServerRow;
}

const servers = [
  server('clock', { tags: ['local'] }),
  server('notes', { tags: ['local', 'work'], connection_status: 'error', error_code: 'timeout' }),
  server('wiki', { is_active: false, description: 'Pages of the team' }),
];
const names = (found: McpServerRow[]) => found.map((one) => one.name);

describe('matching', () => {
  it('finds every word in the name, URL, description and tags', () => {
    expect(names(matching(servers, { ...NO_FILTER, search: 'TEAM wiki' }))).toEqual(['wiki']);
    expect(names(matching(servers, { ...NO_FILTER, search: 'example' }))).toHaveLength(3);
    expect(names(matching(servers, { ...NO_FILTER, search: 'nothing such' }))).toEqual([]);
  });

  it('combines status, tag and search', () => {
    expect(names(matching(servers, { search: '', state: 'failing', tag: 'local' }))).toEqual(['notes']);
    expect(names(matching(servers, { search: 'clock', state: 'failing', tag: null }))).toEqual([]);
  });
});

describe('choices', () => {
  it('count states and leave out empty ones', () => {
    expect(stateChoices(servers).map(({ label, count }) => `${label} ${count}`)).toEqual([
      'All 3',
      'Connected 1',
      'Failing 1',
      'Disabled 1',
    ]);
  });

  it('list tags by use', () => {
    expect(tagsInUse(servers)).toEqual(['local', 'work']);
  });
});
