import type { TokenScope } from '@patchbay/shared/contract/schema/api-token';
import type { Role } from '@patchbay/shared/contract/schema/workspace';

export const ROLE_WORDS: Record<Role, string> = {
  owner: 'Owner: everything, also people and roles',
  admin: 'Admin: all servers and agents, the audit trail',
  member: 'Member: talks, adds servers, changes their own',
  viewer: 'Viewer: talks and looks',
};

/** What a scope of an API token allows. */
export const SCOPE_WORDS: Record<TokenScope, string> = {
  'servers:write': 'add, change and remove servers, their tools, tags and credentials',
  'servers:test': 'test servers and read their tools anew',
  'tools:call': 'call tools',
  'agents:write': 'add, change and remove agents',
};

/** Words for the limits that a workspace runs into; unknown ones are told by their name. */
export function limitWords(name: string): string {
  const words: Record<string, string> = {
    servers: 'Servers',
    servers_per_user: 'Servers in all your workspaces',
    agents: 'Agents',
    members: 'Members',
    open_invitations: 'Open invitations',
    api_tokens: 'API tokens',
    sessions_per_day: 'Conversations in 24 hours',
    sessions_at_once: 'Conversations at once',
    session_minutes: 'Longest conversation, minutes',
    session_idle_minutes: 'Ends when nobody speaks, minutes',
  };
  return words[name] ?? name.replaceAll('_', ' ');
}
