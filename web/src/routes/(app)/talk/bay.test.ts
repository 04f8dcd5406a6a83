import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { describe, expect, it } from 'vitest';
import { bareToolName, plugsOf, serverOfTool, describeToolChanges } from './bay.ts';

function server(slug: string, fields: Partial<McpServerRow> = {}): McpServerRow {
  return {
    id: slug,
    name: slug,
    slug,
    is_active: true,
    connection_status: 'connected',
    error_code: null,
    error_message: null,
    status_observed_at: '2026-11-22T12:00:00Z',
    config_version: 1,
    status_config_version: 1,
    ...fields,
  } as McpServerRow;
}

const clock = server('clock');
const notes = server('notes');
const servers = [
  clock,
  notes,
  server('notes-2'),
  server('away', { connection_status: 'error', error_code: 'timeout' }),
];

describe('serverOfTool', () => {
  it('matches the whole slug', () => {
    expect(serverOfTool('notes-2__add', servers)?.slug).toBe('notes-2');
    expect(serverOfTool('notes__add', servers)?.slug).toBe('notes');
    expect(serverOfTool('elsewhere__add', servers)).toBeUndefined();
  });

  it("returns the tool's own name", () => {
    expect(bareToolName('clock__current__time', clock)).toBe('current__time');
    expect(bareToolName('unknown', undefined)).toBe('unknown');
  });
});

describe('plugsOf', () => {
  const conversation = {
    isRunning: true,
    toolNames: ['clock__now', 'clock__zones', 'notes__add'],
    connections: new Map([
      ['clock', 'ready'],
      ['notes', 'connecting'],
    ] as const),
  };
  const plugs = Object.fromEntries(plugsOf(servers, conversation, 0).map((plug) => [plug.server.slug, plug]));

  it('counts the tools that the agent has', () => {
    expect(plugs.clock).toMatchObject({ isPlugged: true, toolCount: 2, words: '2 tools', tone: 'ok' });
  });

  it('shows a reconnecting server with its cached tools', () => {
    expect(plugs.notes).toMatchObject({
      isPlugged: true,
      isConnecting: true,
      words: 'Reconnecting (1 tool cached)',
    });
  });

  it('shows why a server is not in the conversation', () => {
    expect(plugs.away).toMatchObject({ isPlugged: false, tone: 'bad', words: 'Offline' });
    expect(plugs['notes-2']).toMatchObject({ isPlugged: false, words: 'Not in this conversation' });
  });

  it("shows a server's tools outside a conversation", () => {
    const idle = { isRunning: false, toolNames: [], connections: new Map() };
    expect(plugsOf([server('clock', { tool_count: 3 })], idle, 0)[0]).toMatchObject({
      words: '3 tools',
      tone: 'ok',
    });
  });

  it('gives neighbors different cords', () => {
    expect(new Set(Object.values(plugs).map((plug) => plug.cord)).size).toBe(4);
  });
});

describe('describeToolChanges', () => {
  it('distinguishes added, removed and updated servers', () => {
    const before = ['clock__now', 'notes__add'];
    const after = ['clock__now', 'clock__zones', 'away__find', 'away__list'];
    expect(describeToolChanges(before, after, servers)).toEqual([
      'clock updated: +1 tool',
      'notes removed: −1 tool',
      'away added: +2 tools',
    ]);
  });

  it('names a deleted server by its prefix', () => {
    expect(describeToolChanges(['old__x'], [], servers)).toEqual(['old removed: −1 tool']);
  });

  it('does not list the servers of the first set', () => {
    expect(describeToolChanges([], ['clock__now', 'notes__add'], servers)).toEqual(['The agent has 2 tools']);
  });

  it('is empty when nothing changed', () => {
    expect(describeToolChanges(['clock__now'], ['clock__now'], servers)).toEqual([]);
  });
});
