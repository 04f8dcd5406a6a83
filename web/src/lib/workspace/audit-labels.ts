import { timeInZone } from '../live/time-zone.ts';
import type { AuditEvent } from '../server/workspace/audit.ts';

/** Labels of tables. */
export const SUBJECTS: Record<string, string> = {
  workspaces: 'Workspace',
  workspace_members: 'Member',
  workspace_invitations: 'Invitation',
  api_tokens: 'API token',
  mcp_servers: 'Server',
  mcp_server_secrets: 'Credential for',
  mcp_server_grants: 'Sign-in to',
  mcp_server_accepted_issuers: 'Accepted issuer of',
  mcp_tools: 'Tool',
  agent_configs: 'Agent',
  agent_config_servers: 'Server of agent',
  notice_webhooks: 'Webhook',
  limits: 'Limit',
  voice_sessions: 'Conversation',
  accounts: 'Account',
  sessions: 'Session',
};

const VERBS: Record<AuditEvent['action'], string> = {
  insert: 'added',
  update: 'changed',
  delete: 'removed',
  move_in: 'moved into this workspace',
  move_out: 'moved to another workspace',
  export: 'exported',
  import: 'changed by an import',
  sign_out: 'signed out',
};

/** Describes an event, such as `Server clock changed`. */
export function describeEvent({ action, table_name, row_name }: AuditEvent): string {
  const subject = SUBJECTS[table_name] ?? table_name.replaceAll('_', ' ');
  return [subject, row_name, VERBS[action]].filter(Boolean).join(' ');
}

/**
 * Describes the actor, such as `ada@example.org with API token CI`.
 * @param emails of the members by ID
 */
export function describeActor(
  { actor_id, token_name, table_name }: Pick<AuditEvent, 'actor_id' | 'token_name' | 'table_name'>,
  emails: Readonly<Record<string, string>>,
): string {
  // Auth does not record whether the user or an administrator changed an account.
  const nobody = table_name === 'accounts' ? 'the user or an administrator' : 'the system';
  const who = actor_id === null ? nobody : (emails[actor_id] ?? 'a former member');
  return token_name === null ? who : `${who} with API token ${token_name}`;
}

/**
 * Describes each changed field on one line, such as `name: clock → watch`.
 * @param zone of the reader, for times
 */
export function describeChange(
  { action, changes }: Pick<AuditEvent, 'action' | 'changes'>,
  zone: string,
): string[] {
  return Object.entries(changes).map(([field, change]) => {
    const name = field.replace(/^is_|_(at|ms)$/g, '').replaceAll('_', ' ');
    if (change === null) return action === 'update' ? `${name} (not shown)` : `${name} (set, not shown)`;
    const words = (value: unknown) => formatValue(field, value, zone);
    if (action === 'update') return `${name}: ${words(change.from)} → ${words(change.to)}`;
    return `${name}: ${words(action === 'delete' ? change.from : change.to)}`;
  });
}

function formatValue(field: string, value: unknown, zone: string): string {
  if (value === undefined || value === null || value === '') return field.endsWith('_at') ? 'never' : 'empty';
  if (Array.isArray(value)) {
    return value.length > 0 ? value.map((one) => formatValue(field, one, zone)).join(', ') : 'none';
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && field.endsWith('_ms')) return `${value / 1000} s`;
  if (typeof value !== 'string') return JSON.stringify(value);
  // Only timestamp columns hold times; leave other text as it is.
  return field.endsWith('_at') && !Number.isNaN(Date.parse(value)) ? timeInZone(value, zone) : value;
}
