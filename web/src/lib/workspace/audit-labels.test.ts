import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../server/workspace/audit.ts';
import { actorWords, changeWords, eventWords } from './audit-labels.ts';

const event = (more: Partial<AuditEvent>): AuditEvent => ({
  id: '1',
  actor_id: null,
  token_name: null,
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

  it('tell who did it, with the API token that was used', () => {
    const emails = { ada: 'ada@example.org' };
    expect(actorWords(event({}), emails)).toBe('the system');
    expect(actorWords(event({ actor_id: 'ada' }), emails)).toBe('ada@example.org');
    expect(actorWords(event({ actor_id: 'bob' }), emails)).toBe('a former member');
    expect(actorWords(event({ actor_id: 'ada', token_name: 'CI' }), emails)).toBe(
      'ada@example.org with API token CI',
    );
    expect(actorWords(event({ table_name: 'accounts' }), emails)).toBe('its user or an administrator');
  });

  it('tell exports, imports and webhooks', () => {
    const told = (more: Partial<AuditEvent>) => eventWords(event({ row_name: null, ...more }));
    expect(told({ action: 'export', table_name: 'workspaces' })).toBe('workspace exported');
    expect(told({ action: 'import', table_name: 'workspaces' })).toBe('workspace changed by an import');
    expect(told({ action: 'delete', table_name: 'notice_webhooks' })).toBe('webhook removed');
  });

  it('tell each field with both values, and of closed ones only the name', () => {
    const changes = {
      name: { from: 'clock', to: 'watch' },
      tags: { from: [], to: ['work'] },
      description: { to: 'New.' },
      metadata: null,
    };
    expect(changeWords(event({ changes }), 'UTC')).toEqual([
      'name: clock → watch',
      'tags: none → work',
      'description: empty → New.',
      'metadata (not shown)',
    ]);
    expect(changeWords(event({ action: 'insert', changes: { name: { to: 'clock' } } }), 'UTC')).toEqual([
      'name: clock',
    ]);
  });

  it('tell times in the zone of the reader, lengths with their unit, and switches in words', () => {
    const changes = {
      accepted_at: { from: null, to: '2026-11-22T22:05:00.123+00:00' },
      call_timeout_ms: { from: 500, to: 30_000 },
      is_active: { from: true, to: false },
      name: { from: '2026-11-22T22:05:00Z', to: 'clock' },
    };
    expect(changeWords(event({ changes }), 'Asia/Tokyo')).toEqual([
      'accepted: never → 23 Nov 2026, 07:05',
      'call timeout: 0.5 s → 30 s',
      'is active: yes → no',
      'name: 2026-11-22T22:05:00Z → clock',
    ]);
  });
});
