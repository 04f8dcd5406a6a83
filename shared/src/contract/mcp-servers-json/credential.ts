import { CredentialText } from '../schema/functions.ts';
import { AuthHeader, type AuthMethod } from '../schema/server.ts';

export interface FoundCredential {
  auth_method: AuthMethod;
  /** Null: the default one. */
  auth_header: string | null;
  /** Null: none, or one that the file only points to. */
  credential: string | null;
  notes: string[];
}

const NOTHING: FoundCredential = { auth_method: 'none', auth_header: null, credential: null, notes: [] };
const LIKE_A_KEY = /key|token|secret|auth|password|pat$/i;
/** `${input:name}`, `${env:NAME}`, `${NAME}`, `{{NAME}}`, `<your key>`: the file says where the key is, not what. */
const PLACEHOLDER = /\$\{[^{}]*\}|\{\{[^{}]*\}\}|<[^<>]*>|\bYOUR[_-]/;

/**
 * Tells which of the headers of an entry carries the credential. Patchbay sends one: `Authorization`, else the
 * one that is named like a key, else the only one there is.
 * @returns how the server is authenticated, and sentences about headers that were not taken over
 */
export function credentialOfHeaders(headers: Readonly<Record<string, unknown>>): FoundCredential {
  const usable = Object.entries(headers).filter(
    (header): header is [string, string] =>
      typeof header[1] === 'string' && AuthHeader.safeParse(header[0]).success,
  );
  const chosen =
    usable.find(([name]) => name.toLowerCase() === 'authorization') ??
    usable.find(([name]) => LIKE_A_KEY.test(name)) ??
    (usable.length === 1 ? usable[0] : undefined);
  const left = usable.filter((header) => header !== chosen).map(([name]) => name);
  const notes =
    left.length === 0
      ? []
      : [`Headers not imported: ${left.join(', ')}. Patchbay sends only the header with the key.`];
  if (!chosen) return { ...NOTHING, notes };
  const [name, value] = chosen;

  const [, token] = /^bearer\s+(\S.*)$/i.exec(value.trim()) ?? [];
  const isBearer = name.toLowerCase() === 'authorization' && token !== undefined;
  const secret = CredentialText.safeParse(isBearer ? token : value);
  const isKnown = secret.success && !PLACEHOLDER.test(secret.data);
  return {
    auth_method: isBearer ? 'bearer_token' : 'api_key',
    auth_header: isBearer ? null : name.trim(),
    credential: isKnown ? secret.data : null,
    notes: isKnown ? notes : ["The file doesn't contain the key. Enter it after the import.", ...notes],
  };
}
