import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../server/audit.ts';
import { changeWords, eventWords } from './audit-words.ts';

const event = (more: Partial<AuditEvent>): AuditEvent => ({
  id: '1',
  actor_id: null,
  action: 'update',
  table_name: 'mcp_servers',
  row_id: null,
  row_name: 'clock',
  changes: {},
  created_at: '2026-11-22T12:00:00Z',
  ...more,
});

describe('the words of the trail', () => {
  it('tell what was done with what', () => {
    expect(eventWords(event({}))).toBe('server clock changed');
    expect(eventWords(event({ table_name: 'workspace_members', action: 'insert', row_name: null }))).toBe(
      'member added',
    );
    expect(eventWords(event({ table_name: 'some_later_table', action: 'delete' }))).toBe(
      'some later table clock removed',
    );
  });

  it('tell each field with both values, and of closed ones only the name', () => {
    const changes = {
      name: { from: 'clock', to: 'watch' },
      tags: { from: [], to: ['work'] },
      description: { to: 'New.' },
      metadata: null,
    };
    expect(changeWords(event({ changes }))).toEqual([
      'name: clock → watch',
      'tags: none → work',
      'description: empty → New.',
      'metadata (not shown)',
    ]);
    expect(changeWords(event({ action: 'insert', changes: { name: { to: 'clock' } } }))).toEqual([
      'name: clock',
    ]);
  });
});
