/**
 * Credentials at rest: AES-256-GCM with a fresh nonce. Workspace, server, key id, the member whose it is, and the address
 * and issuer that it may be sent to are associated data, so that a ciphertext doesn't open in another row, nor for a
 * server that has another address by now.
 */
import { boundAddress } from '../../contract/bound-address.ts';
import { AppError } from '../../contract/errors.ts';
import type { SealedSecret } from '../../contract/schema/snapshot.ts';

const NONCE_BYTES = 12;
const KEY_BYTES = 32;

/** `Uint8Array<ArrayBuffer>`, written so that the older TypeScript of the hosted Deno version reads it too. */
type Bytes = ReturnType<typeof Uint8Array.from>;
type AesKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

interface SecretKey {
  id: string;
  /** Not extractable. */
  key: Promise<AesKey>;
}

/** The first key seals; all of them open. */
export type SecretKeys = readonly [SecretKey, ...SecretKey[]];

export interface SecretOwner {
  workspaceId: string;
  serverId: string;
  /** The member whose it is; null or left out: the workspace's. */
  holderId?: string | null;
  /** The URL at which it was entered, in any spelling; left out for what is not sent to a server. */
  address?: string;
  /** The authorization server that it is for; left out or null where there is none, or none yet. */
  issuer?: string | null;
}

/**
 * Reads `PATCHBAY_SECRETS_KEYS`: `<key id>:<base64 of 32 bytes>[,<older id>:<base64>]`.
 * @throws AppError `internal` when it is absent or malformed; the message never holds the value
 */
export function parseSecretKeys(env: string | undefined): SecretKeys {
  const [first, ...older] = (env ?? '').split(',').filter(Boolean).map(parseSecretKey);
  if (!first) throw new AppError('internal', { message: 'PATCHBAY_SECRETS_KEYS is not set.' });
  return [first, ...older];
}

function parseSecretKey(entry: string): SecretKey {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, Math.max(colon, 0)).trim();
  const bytes = decodeBase64(entry.slice(colon + 1).trim());
  if (!id || bytes?.length !== KEY_BYTES) {
    throw new AppError('internal', {
      message: 'PATCHBAY_SECRETS_KEYS is malformed: expected <key id>:<base64 of 32 bytes>, comma separated.',
    });
  }
  return { id, key: crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']) };
}

/** Encrypts a credential for one server with the first key. All fields of the answer are text; binary is base64. */
export async function seal(plaintext: string, owner: SecretOwner, keys: SecretKeys): Promise<SealedSecret> {
  const [{ id, key }] = keys;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const ciphertext = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: nonce, additionalData: associatedData(owner, id) },
    await key,
    new TextEncoder().encode(plaintext),
  );
  return { ciphertext: encodeBase64(new Uint8Array(ciphertext)), nonce: encodeBase64(nonce), key_id: id };
}

/**
 * Opens what `seal` made. Older envelopes are not bound to an address or issuer: the database alone keeps those in place,
 * until they are entered or encrypted again.
 * @throws AppError `internal` when the key is unknown or the envelope belongs to another server, member, address or issuer
 */
export async function open(sealed: SealedSecret, owner: SecretOwner, keys: SecretKeys): Promise<string> {
  const entry = keys.find(({ id }) => id === sealed.key_id);
  if (!entry) throw new AppError('internal', { message: 'The credential was sealed with an unknown key.' });
  const nonce = decodeBase64(sealed.nonce);
  const ciphertext = decodeBase64(sealed.ciphertext);
  if (!nonce || !ciphertext)
    throw new AppError('internal', { message: 'The sealed credential is malformed.' });
  const key = await entry.key;
  const openAs = async (additionalData: Bytes): Promise<string> =>
    new TextDecoder().decode(
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce, additionalData }, key, ciphertext),
    );
  try {
    return await openAs(associatedData(owner, entry.id)).catch(() => openAs(unboundData(owner, entry.id)));
  } catch (cause) {
    throw new AppError('internal', { message: 'The sealed credential could not be opened.', cause });
  }
}

function associatedData(owner: SecretOwner, keyId: string): Bytes {
  const { address, issuer } = owner;
  if (address === undefined && !issuer) return unboundData(owner, keyId);
  const bound = { address: address === undefined ? null : boundAddress(address), issuer: issuer ?? null };
  return new TextEncoder().encode(JSON.stringify([...placeOf(owner), bound, keyId]));
}

/** Of what is bound to its place only. */
function unboundData(owner: SecretOwner, keyId: string): Bytes {
  return new TextEncoder().encode(JSON.stringify([...placeOf(owner), keyId]));
}

function placeOf({ workspaceId, serverId, holderId }: SecretOwner): string[] {
  return [workspaceId, serverId, ...(holderId ? [holderId] : [])];
}

function encodeBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function decodeBase64(text: string): Bytes | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
