import { boundAddress } from '@patchbay/shared/contract/bound-address';
import type { McpServerRow } from '@patchbay/shared/contract/schema/server';

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

/** Which state of a server a form began with, as the form sends it along. */
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

/** Whether the stored credential of a server would go when it is saved so: it never follows to another place. */
export function dropsCredential(stored: StoredKey, typed: TypedKey): boolean {
  if (!stored.has_credential) return false;
  if (typed.auth_method !== stored.auth_method || originOf(typed.url) !== originOf(stored.url)) return true;
  if (typed.auth_method === 'oauth')
    return (typed.oauth_client_id?.trim() || null) !== stored.oauth_client_id;
  if (typed.credential_scope !== stored.credential_scope) return true;
  return stored.credential_scope === 'member' && isMoved(stored, typed);
}

/**
 * Whether the workspace's credential would wait for its holder when the server is saved so: at another address of the
 * same origin it is used after a confirmation only.
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
