/** Arguments: `<database> <key> <order as JSON>`. Prints one line per call: the tool's text, or the error code. */
import { AppError } from '@patchbay/shared/contract/errors';
import { openConnection } from '@patchbay/shared/engine/session/open-connection';
import { databaseGrantStore } from '@patchbay/shared/engine/oauth/grant-store';
import { GrantTokens } from '@patchbay/shared/engine/oauth/token-source';
import { parseSecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import postgres from 'postgres';
import { grantRpcOf } from './grant-rpc.ts';

export interface GrantOrder {
  serverId: string;
  workspaceId: string;
  url: string;
  calls: number;
  leaseMs: number;
}

const [databaseUrl = '', keys = '', text = '{}'] = process.argv.slice(2);
const { serverId, workspaceId, url, calls, leaseMs } = JSON.parse(text) as GrantOrder;
const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
const holder = { serverId, workspaceId, holderId: null, address: url };
const store = databaseGrantStore(grantRpcOf(sql), holder, parseSecretKeys(keys));
const tokens = new GrantTokens({ store, policy: 'local', leaseMs });
const connection = openConnection(
  {
    serverId,
    configVersion: 1,
    url,
    transport: 'auto',
    credential: { method: 'oauth', tokens },
    callTimeoutMs: 20_000,
    maxConcurrency: 32,
  },
  { policy: 'local' },
);
await Promise.all(
  Array.from({ length: calls }, async () => {
    try {
      console.log((await connection.call('who_am_i', {})).text);
    } catch (error) {
      console.log(error instanceof AppError ? error.code : String(error));
    }
  }),
);
await connection.close();
await sql.end();
