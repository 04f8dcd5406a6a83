import type { ClientSchema } from '@patchbay/shared/schema/database';
import { SealedSecret } from '@patchbay/shared/schema/snapshot';
import { open, seal, type SecretKeys } from '@patchbay/shared/secret-envelope';
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';

const BATCH = 200;
const AT_ONCE = 8;

const StoredSecret = SealedSecret.extend({
  server_id: z.string(),
  mcp_servers: z.object({ workspace_id: z.string() }),
});
type StoredSecret = z.infer<typeof StoredSecret>;

export interface Rotation {
  /** With the service key. */
  client: SupabaseClient<ClientSchema>;
  /** The first one seals, all of them open. */
  keys: SecretKeys;
  /** Told after each batch; `left` counts what another key still seals. */
  onProgress?: (progress: { rotated: number; left: number }) => void;
}

export interface RotationEnd {
  rotated: number;
  /** Ids of the servers whose credential none of the keys opens. */
  unopened: string[];
}

/**
 * Seals every stored credential anew with the first key. It may be stopped and started again at any time, and
 * run beside everything else: a credential that is changed or removed meanwhile is left as it then is. Neither
 * `config_version` nor any status changes, so that no connection notices.
 * @throws Error when the database does not answer or refuses
 */
export async function rotateSecrets({ client, keys, onProgress }: Rotation): Promise<RotationEnd> {
  const [{ id: firstKey }] = keys;
  const unopened = new Set<string>();
  let rotated = 0;

  async function listBatch(after: string | null): Promise<StoredSecret[]> {
    let query = client
      .from('mcp_server_secrets')
      .select('server_id, ciphertext, nonce, key_id, mcp_servers(workspace_id)')
      .neq('key_id', firstKey)
      .order('server_id')
      .limit(BATCH);
    if (after !== null) query = query.gt('server_id', after);
    const { data, error } = await query;
    if (error) throw new Error(`The credentials could not be listed: ${error.message}`);
    return StoredSecret.array().parse(data);
  }

  async function sealAnew({ server_id, mcp_servers, ...sealed }: StoredSecret): Promise<void> {
    const owner = { workspaceId: mcp_servers.workspace_id, serverId: server_id };
    const credential = await open(sealed, owner, keys).catch(() => null);
    if (credential === null) {
      unopened.add(server_id);
      return;
    }
    // The nonce says which sealing this is: another one was put there since, if it differs.
    const { data, error } = await client
      .from('mcp_server_secrets')
      .update(await seal(credential, owner, keys))
      .match({ server_id, key_id: sealed.key_id, nonce: sealed.nonce })
      .select('server_id');
    if (error) throw new Error(`A credential could not be stored: ${error.message}`);
    rotated += data.length;
  }

  async function countLeft(): Promise<number> {
    const { count, error } = await client
      .from('mcp_server_secrets')
      .select('server_id', { count: 'exact', head: true })
      .neq('key_id', firstKey);
    if (error) throw new Error(`The credentials could not be counted: ${error.message}`);
    return count ?? 0;
  }

  // A runtime that does not have the new key in front yet may seal with an older one while this goes on.
  for (let before = -1; before < rotated;) {
    before = rotated;
    let after: string | null = null;
    for (;;) {
      const batch: StoredSecret[] = await listBatch(after);
      const last = batch.at(-1);
      if (!last) break;
      for (let i = 0; i < batch.length; i += AT_ONCE) {
        await Promise.all(batch.slice(i, i + AT_ONCE).map(sealAnew));
      }
      after = last.server_id;
      onProgress?.({ rotated, left: await countLeft() });
    }
  }
  return { rotated, unopened: [...unopened] };
}
