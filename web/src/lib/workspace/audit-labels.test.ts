import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../server/workspace/audit.ts';
import { describeActor, describeChange, describeEvent } from './audit-labels.ts';

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

describe('audit labels', () => {
  it('name the action and its subject', () => {
    expect(describeEvent(event({}))).toBe('Server clock changed');
    expect(describeEvent(event({ table_name: 'workspace_members', action: 'insert', row_name: null }))).toBe(
      'Member added',
    );
    expect(describeEvent(event({ table_name: 'some_later_table', action: 'delete' }))).toBe(
      'some later table clock removed',
    );
  });

  it('name the actor, with the API token that was used', () => {
    const emails = { ada: 'ada@example.org' };
    expect(describeActor(event({}), emails)).toBe('the system');
    expect(describeActor(event({ actor_id: 'ada' }), emails)).toBe('ada@example.org');
    expect(describeActor(event({ actor_id: 'bob' }), emails)).toBe('a former member');
    expect(describeActor(event({ actor_id: 'ada', token_name: 'CI' }), emails)).toBe(
      'ada@example.org with API token CI',
    );
    expect(describeActor(event({ table_name: 'accounts' }), emails)).toBe('the user or an administrator');
  });

  it('name exports, imports and webhooks', () => {
    const sentence = (more: Partial<AuditEvent>) => describeEvent(event({ row_name: null, ...more }));
    expect(sentence({ action: 'export', table_name: 'workspaces' })).toBe('Workspace exported');
    expect(sentence({ action: 'import', table_name: 'workspaces' })).toBe('Workspace changed by an import');
    expect(sentence({ action: 'delete', table_name: 'notice_webhooks' })).toBe('Webhook removed');
  });

  it('show both values of each field, and only the name of hidden ones', () => {
    const changes = {
      name: { from: 'clock', to: 'watch' },
      tags: { from: [], to: ['work'] },
      description: { to: 'New.' },
      metadata: null,
    };
    expect(describeChange(event({ changes }), 'UTC')).toEqual([
      'name: clock → watch',
      'tags: none → work',
      'description: empty → New.',
      'metadata (not shown)',
    ]);
    expect(describeChange(event({ action: 'insert', changes: { name: { to: 'clock' } } }), 'UTC')).toEqual([
      'name: clock',
    ]);
  });

  it("show times in the reader's zone, durations with their unit, and booleans as words", () => {
    const changes = {
      accepted_at: { from: null, to: '2026-11-22T22:05:00.123+00:00' },
      call_timeout_ms: { from: 500, to: 30_000 },
      is_active: { from: true, to: false },
      name: { from: '2026-11-22T22:05:00Z', to: 'clock' },
    };
    expect(describeChange(event({ changes }), 'Asia/Tokyo')).toEqual([
      'accepted: never → Nov 23, 2026, 7:05 AM',
      'call timeout: 0.5 s → 30 s',
      'active: yes → no',
      'name: 2026-11-22T22:05:00Z → clock',
    ]);
  });
});
