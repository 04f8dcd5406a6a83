import type { McpServerRow } from '@patchbay/shared/schema/server';
import { describe, expect, it } from 'vitest';
import { matchingEntries, paletteEntries } from './entries.ts';

const servers = ['clock', 'Notes'].map(
  (name) => ({ id: name, name, url: `https://${name}.example/mcp` }) as McpServerRow,
);
const labels = (search: string, canEdit = true) =>
  matchingEntries(paletteEntries(servers, canEdit), search).map(({ label }) => label);

describe('the palette', () => {
  it('finds servers by name and host, and actions by other words for them', () => {
    expect(labels('notes.example')).toEqual(['Notes']);
    expect(labels('dark')).toEqual(['Change the theme']);
    expect(labels('add server')).toEqual(['Add a server']);
  });

  it('puts first what begins with the word', () => {
    expect(labels('s')[0]).toMatch(/^S/);
  });

  it('offers a viewer no change', () => {
    expect(labels('', false)).not.toContain('Add a server');
    expect(labels('', true)).toContain('Add a server');
  });

  it('shows no more than can be looked through', () => {
    const many = Array.from({ length: 500 }, () => servers[0] as McpServerRow);
    expect(matchingEntries(paletteEntries(many, true), '')).toHaveLength(60);
  });
});
