import type { AuditEvent } from '../server/audit.ts';

/** What the trail speaks of, by table. */
export const SUBJECTS: Record<string, string> = {
  workspaces: 'workspace',
  workspace_members: 'member',
  workspace_invitations: 'invitation',
  mcp_servers: 'server',
  mcp_server_secrets: 'credential',
  mcp_tools: 'tools',
  agent_configs: 'agent',
  agent_config_servers: 'servers of an agent',
};

const VERBS: Record<AuditEvent['action'], string> = {
  insert: 'added',
  update: 'changed',
  delete: 'removed',
  move_in: 'moved here',
  move_out: 'moved away',
};

/** What was done, such as `server clock changed`. */
export function eventWords({ action, table_name, row_name }: AuditEvent): string {
  const subject = SUBJECTS[table_name] ?? table_name.replaceAll('_', ' ');
  return [subject, row_name, VERBS[action]].filter(Boolean).join(' ');
}

/** Each changed field on one line, such as `name: clock → watch`. */
export function changeWords({ action, changes }: AuditEvent): string[] {
  return Object.entries(changes).map(([field, change]) => {
    const name = field.replaceAll('_', ' ');
    if (change === null) return action === 'update' ? `${name} (not shown)` : `${name} (set, not shown)`;
    if (action === 'update') return `${name}: ${valueWords(change.from)} → ${valueWords(change.to)}`;
    return `${name}: ${valueWords(action === 'delete' ? change.from : change.to)}`;
  });
}

function valueWords(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'empty';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length > 0 ? value.map(valueWords).join(', ') : 'none';
  return JSON.stringify(value);
}
