import { SealedSecret } from '@patchbay/shared/contract/schema/snapshot';
import {
  open,
  seal,
  type SecretKeys,
  type SecretOwner,
} from '@patchbay/shared/engine/secrets/secret-envelope';
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';

const BATCH = 200;
const AT_ONCE = 8;

/**
 * Every table that holds something sealed for longer than minutes: the column that names a row, those that name what it
 * is sealed to, and the table that knows the workspace.
 */
export const SEALED_TABLES = [
  { table: 'mcp_server_clients', id: 'id', place: ['place:id', 'issuer'], owners: 'mcp_servers' },
  // The address of its server is part of what is encrypted.
  { table: 'mcp_server_grants', id: 'id', place: ['place:id'], owners: 'mcp_servers' },
  {
    table: 'mcp_server_secrets',
    id: 'id',
    place: ['place:server_id', 'holder:user_id', 'address', 'issuer'],
    owners: 'mcp_servers',
  },
  {
    table: 'notice_webhook_secrets',
    id: 'webhook_id',
    place: ['place:webhook_id'],
    owners: 'notice_webhooks',
  },
] as const;
type SealedTable = (typeof SEALED_TABLES)[number];

/** What is read of a row, for PostgREST. */
export function sealedColumns({ id, place, owners }: SealedTable): string {
  return [`id:${id}`, ...place, 'ciphertext', 'nonce', 'key_id', `owner:${owners}(workspace_id)`].join(',');
}

export const StoredSecret = SealedSecret.extend({
  id: z.string(),
  place: z.string(),
  holder: z.string().nullish(),
  address: z.string().optional(),
  issuer: z.string().nullish(),
  owner: z.object({ workspace_id: z.string() }),
});
type StoredSecret = z.infer<typeof StoredSecret>;

/** What a stored secret is sealed to. */
export function placeOf({ owner, place, holder, address, issuer }: StoredSecret): SecretOwner {
  return {
    workspaceId: owner.workspace_id,
    serverId: place,
    holderId: holder ?? null,
    issuer: issuer ?? null,
    ...(address !== undefined && { address }),
  };
}

export interface Rotation {
  /** With the service key. */
  client: SupabaseClient;
  /** The first encrypts, all of them decrypt. */
  keys: SecretKeys;
  /** `left` counts the secrets of the current table that another key still encrypts. */
  onProgress?: (progress: { rotated: number; left: number }) => void;
}

export interface RotationEnd {
  rotated: number;
  unopened: string[];
}

/**
 * Seals every stored secret anew with the first key. It may be stopped and started again at any time, and run
 * beside everything else: what is changed or removed meanwhile is left as it then is. Neither `config_version`
 * nor any status changes, so that no connection notices.
 * @throws Error when the database does not answer or refuses
 */
export async function rotateSecrets(rotation: Rotation): Promise<RotationEnd> {
  const end: RotationEnd = { rotated: 0, unopened: [] };
  // A runtime without the new key in front may still encrypt with an older one meanwhile.
  for (let before = -1; before < end.rotated;) {
    before = end.rotated;
    end.unopened = [];
    for (const sealedTable of SEALED_TABLES) await rotateTable(sealedTable, rotation, end);
  }
  return end;
}

async function rotateTable(
  sealedTable: SealedTable,
  { client, keys, onProgress }: Rotation,
  end: RotationEnd,
): Promise<void> {
  const { table, id } = sealedTable;
  const [{ id: firstKey }] = keys;

  async function listBatch(after: string | null): Promise<StoredSecret[]> {
    let query = client
      .from(table)
      .select(sealedColumns(sealedTable))
      .neq('key_id', firstKey)
      .order(id)
      .limit(BATCH);
    if (after !== null) query = query.gt(id, after);
    const { data, error } = await query;
    if (error) throw new Error(`The secrets could not be listed: ${error.message}`);
    return StoredSecret.array().parse(data);
  }

  async function sealAnew(sealed: StoredSecret): Promise<void> {
    const place = placeOf(sealed);
    const secret = await open(sealed, place, keys).catch(() => null);
    if (secret === null) {
      end.unopened.push(sealed.place);
      return;
    }
    // A different nonce means that another secret was stored since.
    const { data, error } = await client
      .from(table)
      .update(await seal(secret, place, keys))
      .match({ [id]: sealed.id, key_id: sealed.key_id, nonce: sealed.nonce })
      .select(id);
    if (error) throw new Error(`A secret could not be stored: ${error.message}`);
    end.rotated += data.length;
  }

  async function countLeft(): Promise<number> {
    const left = await client.from(table).select(id, { count: 'exact', head: true }).neq('key_id', firstKey);
    if (left.error) throw new Error(`The secrets could not be counted: ${left.error.message}`);
    return left.count ?? 0;
  }

  for (let after: string | null = null; ;) {
    const batch = await listBatch(after);
    const last = batch.at(-1);
    if (!last) return;
    for (let i = 0; i < batch.length; i += AT_ONCE) {
      await Promise.all(batch.slice(i, i + AT_ONCE).map(sealAnew));
    }
    after = last.id;
    onProgress?.({ rotated: end.rotated, left: await countLeft() });
  }
}
