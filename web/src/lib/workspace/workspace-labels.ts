import type { TokenScope } from '@patchbay/shared/contract/schema/api-token';
import type { Role } from '@patchbay/shared/contract/schema/workspace';

export const ROLE_LABELS: Record<Role, string> = {
  owner: 'Owner: full access, including members and roles',
  admin: 'Admin: all servers, agents, API tokens and the audit trail',
  member: 'Member: can talk, add servers and edit their own',
  viewer: 'Viewer: can talk, with view-only access',
};

export const SCOPE_LABELS: Record<TokenScope, string> = {
  'servers:write': 'Add, edit and delete servers, tools, tags and credentials',
  'servers:test': 'Test servers and refresh their tools',
  'tools:call': 'Call tools',
  'agents:write': 'Add, edit and delete agents',
};

/** The label of a workspace limit; falls back to its name. */
export function limitLabel(name: string): string {
  const words: Record<string, string> = {
    servers: 'Servers',
    servers_per_user: 'Servers across all your workspaces',
    agents: 'Agents',
    members: 'Members',
    open_invitations: 'Pending invitations',
    api_tokens: 'API tokens',
    sessions_per_day: 'Conversations per 24 hours',
    sessions_at_once: 'Concurrent conversations',
    session_minutes: 'Maximum conversation length (minutes)',
    session_idle_minutes: 'Idle timeout (minutes)',
  };
  return words[name] ?? name.replaceAll('_', ' ');
}
