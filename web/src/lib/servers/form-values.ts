import type { McpServerRow } from '@patchbay/shared/schema/server';

/** The add / edit form as text fields; the credential is apart, because it is never sent back. */
export interface ServerFormValues {
  name: string;
  url: string;
  description: string;
  transport: string;
  protocol_era: string;
  auth_method: string;
  auth_header: string;
  credential_scope: string;
  oauth_client_id: string;
  trusts_hints: boolean;
  /** Parted by commas. */
  tags: string;
  /** Seconds. */
  timeout: string;
  is_active: boolean;
}

export const FIELD_WORDS: Record<keyof ServerFormValues, string> = {
  name: 'Name',
  url: 'URL',
  description: 'Description',
  transport: 'Transport',
  protocol_era: 'Protocol',
  auth_method: 'Authentication',
  auth_header: 'Header name',
  credential_scope: 'Whose key or sign-in',
  oauth_client_id: 'Client id',
  trusts_hints: 'Trust in what it says about its tools',
  tags: 'Tags',
  timeout: 'Time-out',
  is_active: 'Active',
};

export const EMPTY_FORM: ServerFormValues = {
  name: '',
  url: '',
  description: '',
  transport: 'auto',
  protocol_era: 'auto',
  auth_method: 'none',
  auth_header: '',
  credential_scope: 'workspace',
  oauth_client_id: '',
  trusts_hints: false,
  tags: '',
  timeout: '30',
  is_active: true,
};

export function formValuesOf(server: McpServerRow): ServerFormValues {
  return {
    name: server.name,
    url: server.url,
    description: server.description ?? '',
    transport: server.transport,
    protocol_era: server.protocol_era,
    auth_method: server.auth_method,
    auth_header: server.auth_method === 'api_key' ? (server.auth_header ?? '') : '',
    credential_scope: server.credential_scope,
    oauth_client_id: server.oauth_client_id ?? '',
    trusts_hints: server.trusts_hints,
    tags: server.tags.join(', '),
    timeout: String(server.call_timeout_ms / 1000),
    is_active: server.is_active,
  };
}

/** Which state of a server a form began with, as the form sends it along. */
export function formBase(server: McpServerRow): string {
  return JSON.stringify({ updated_at: server.updated_at, values: formValuesOf(server) });
}

/** Whether the stored credential of a server would go when it is saved so: it never follows to another place. */
export function dropsCredential(
  stored: Pick<McpServerRow, 'url' | 'auth_method' | 'credential_scope' | 'has_credential'>,
  typed: Pick<ServerFormValues, 'url' | 'auth_method' | 'credential_scope'>,
): boolean {
  if (!stored.has_credential) return false;
  const isOfAnother = typed.auth_method !== 'oauth' && typed.credential_scope !== stored.credential_scope;
  return (
    isOfAnother || originOf(typed.url) !== originOf(stored.url) || typed.auth_method !== stored.auth_method
  );
}

/** Whether a server would be another one than the one that is trusted: its trust ends when it is saved so. */
export function dropsTrust(
  stored: Pick<McpServerRow, 'url' | 'trusts_hints'>,
  typed: Pick<ServerFormValues, 'url'>,
): boolean {
  return stored.trusts_hints && originOf(typed.url) !== originOf(stored.url);
}

function originOf(url: string): string {
  return URL.canParse(url.trim()) ? new URL(url.trim()).origin : url;
}

/** A first name for a server, from its address: `mcp.linear.app` reads as `linear`. */
export function suggestName(url: string): string {
  if (!URL.canParse(url)) return '';
  const { hostname } = new URL(url);
  if (/^[\d.]+$/.test(hostname) || hostname.includes(':') || hostname === 'localhost') return '';
  const parts = hostname.split('.').filter((part) => !['www', 'mcp', 'api'].includes(part));
  return (parts.length > 1 ? parts.at(-2) : parts[0]) ?? '';
}
