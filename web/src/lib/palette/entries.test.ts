import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { describe, expect, it } from 'vitest';
import type { NamedTool } from '../server/servers/tools.ts';
import { matchingEntries, paletteEntries } from './entries.ts';

const servers = ['clock', 'Notes'].map(
  (name) =>
    ({ id: name, name, url: `https://${name}.example/mcp`, is_active: name === 'clock' }) as McpServerRow,
);
const tools: NamedTool[] = [
  { server_id: 'clock', name: 'current_time', title: 'Current time' },
  { server_id: 'Notes', name: 'add/note', title: null },
];
const labels = (search: string, canEdit = true) =>
  matchingEntries(paletteEntries(servers, tools, canEdit), search).map(({ label }) => label);

describe('the palette', () => {
  it('finds servers by name and host, and actions by synonyms', () => {
    expect(labels('notes.example')).toEqual(['Notes']);
    expect(labels('dark')).toEqual(['Switch theme']);
    expect(labels('add server')).toEqual(['Add a server']);
  });

  it('lists entries that start with the word first', () => {
    expect(labels('s')[0]).toMatch(/^S/);
  });

  it('offers viewers no actions that change anything', () => {
    expect(labels('', false)).not.toContain('Add a server');
    expect(labels('', true)).toContain('Add a server');
  });

  it('limits the number of entries', () => {
    const many = Array.from({ length: 500 }, () => servers[0] as McpServerRow);
    expect(matchingEntries(paletteEntries(many, [], true), '')).toHaveLength(60);
  });

  it("lists a server's actions and tools only in search results", () => {
    expect(labels('clock')).toEqual([
      'clock',
      'Reconnect clock',
      'Test clock',
      'Edit clock',
      'Disable clock',
      'current_time',
    ]);
    expect(labels('clock', false)).toEqual(['clock', 'current_time']);
    expect(labels('activate notes')).toEqual(['Enable Notes']);
    expect(labels('')).not.toContain('current_time');
    expect(labels('')).not.toContain('Edit clock');
  });

  it('links to a tool, whatever its name', () => {
    const [found] = matchingEntries(paletteEntries(servers, tools, true), 'add/note');
    expect(found?.href).toBe('/servers/Notes#tool-add%2Fnote');
  });
});
