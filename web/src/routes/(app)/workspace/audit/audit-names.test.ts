import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '$lib/server/workspace/audit.ts';
import { nameEvents, unnamedIds } from './audit-names.ts';
import { describeChange, describeEvent } from '$lib/workspace/audit-labels.ts';

const event = (more: Partial<AuditEvent>): AuditEvent => ({
  id: '1',
  actor_id: null,
  token_name: null,
  action: 'insert',
  table_name: 'agent_config_servers',
  row_id: 'agent',
  row_name: null,
  changes: { server_id: { to: 'server' } },
  created_at: '2026-11-22T12:00:00Z',
  ...more,
});

describe('names in the audit trail', () => {
  it('replace the IDs of agents, servers and members', () => {
    const events = [
      event({}),
      event({ action: 'delete', changes: { server_id: { from: 'removed' } } }),
      event({ table_name: 'workspace_members', row_id: 'user', changes: { role: { to: 'member' } } }),
    ];
    expect(unnamedIds(events)).toEqual({ agents: ['agent'], servers: ['server', 'removed'] });
    const names = new Map([
      ['agent', 'Guide'],
      ['server', 'clock'],
      ['user', 'ada@example.org'],
    ]);
    const renamed = nameEvents(events, names);
    expect(renamed.map(describeEvent)).toEqual([
      'Server of agent Guide added',
      'Server of agent Guide removed',
      'Member ada@example.org added',
    ]);
    expect(renamed.map((one) => describeChange(one, 'UTC'))).toEqual([
      ['server: clock'],
      ['server: removed'],
      ['role: member'],
    ]);
  });

  it('replace the ID of a new owner', () => {
    const handed = event({
      table_name: 'workspaces',
      action: 'update',
      changes: { owner: { from: 'a deleted account', to: 'user' } },
    });
    const [renamed] = nameEvents([handed], new Map([['user', 'ada@example.org']]));
    expect(describeChange(renamed!, 'UTC')).toEqual(['owner: a deleted account → ada@example.org']);
  });

  it('leave other events unchanged', () => {
    const plain = event({ table_name: 'mcp_servers', row_name: 'clock', changes: { name: { to: 'clock' } } });
    expect(nameEvents([plain], new Map([['agent', 'Guide']]))).toEqual([plain]);
  });
});
