import { boundAddress } from '@patchbay/shared/contract/bound-address';
import type { McpServerRow } from '@patchbay/shared/contract/schema/server';

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
  /** Comma-separated. */
  tags: string;
  /** Seconds. */
  timeout: string;
  is_active: boolean;
}

export const FIELD_LABELS: Record<keyof ServerFormValues, string> = {
  name: 'Name',
  url: 'URL',
  description: 'Description',
  transport: 'Transport',
  protocol_era: 'Protocol',
  auth_method: 'Authentication',
  auth_header: 'Header name',
  credential_scope: 'Key or sign-in',
  oauth_client_id: 'Client ID',
  trusts_hints: 'Trust tool annotations',
  tags: 'Tags',
  timeout: 'Timeout',
  is_active: 'Enabled',
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

/** The version of the server that a form began with, as sent along with it. */
export function formBase(server: McpServerRow): string {
  return JSON.stringify({ updated_at: server.updated_at, values: formValuesOf(server) });
}

type StoredKey = Pick<
  McpServerRow,
  | 'url'
  | 'auth_method'
  | 'credential_scope'
  | 'oauth_client_id'
  | 'has_credential'
  | 'credential_holder_id'
  | 'credential_held_since'
>;
type TypedKey = Pick<ServerFormValues, 'url' | 'auth_method' | 'credential_scope'> & {
  oauth_client_id: string | null;
};

/** Whether saving would drop the stored credential, which never follows to another host. */
export function dropsCredential(stored: StoredKey, typed: TypedKey): boolean {
  if (!stored.has_credential) return false;
  if (typed.auth_method !== stored.auth_method || originOf(typed.url) !== originOf(stored.url)) return true;
  if (typed.auth_method === 'oauth')
    return (typed.oauth_client_id?.trim() || null) !== stored.oauth_client_id;
  if (typed.credential_scope !== stored.credential_scope) return true;
  return stored.credential_scope === 'member' && isMoved(stored, typed);
}

/**
 * Whether saving would put the workspace's credential on hold until its holder confirms: the new address has the same
 * origin.
 */
export function holdsCredential(stored: StoredKey, typed: TypedKey): boolean {
  return (
    stored.has_credential &&
    !dropsCredential(stored, typed) &&
    (typed.auth_method === 'oauth' || typed.credential_scope === 'workspace') &&
    (stored.credential_held_since !== null || isMoved(stored, typed))
  );
}

function isMoved(stored: Pick<StoredKey, 'url'>, typed: Pick<TypedKey, 'url'>): boolean {
  return boundAddress(typed.url.trim()) !== boundAddress(stored.url);
}

/** Whether saving would end the trust in the server's hints, because it becomes another server. */
export function dropsTrust(
  stored: Pick<McpServerRow, 'url' | 'trusts_hints'>,
  typed: Pick<ServerFormValues, 'url'>,
): boolean {
  return stored.trusts_hints && originOf(typed.url) !== originOf(stored.url);
}

function originOf(url: string): string {
  return URL.canParse(url.trim()) ? new URL(url.trim()).origin : url;
}

/** Suggests a name for a server: `linear` for `mcp.linear.app`. */
export function suggestName(url: string): string {
  if (!URL.canParse(url)) return '';
  const { hostname } = new URL(url);
  if (/^[\d.]+$/.test(hostname) || hostname.includes(':') || hostname === 'localhost') return '';
  const parts = hostname.split('.').filter((part) => !['www', 'mcp', 'api'].includes(part));
  return (parts.length > 1 ? parts.at(-2) : parts[0]) ?? '';
}
