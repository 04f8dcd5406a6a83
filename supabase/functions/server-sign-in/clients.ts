import { z } from 'zod';
import { SignInProblem } from '../../../shared/src/oauth/sign-in-problem.ts';
import type { ClientStore } from '../../../shared/src/oauth/sign-in-provider.ts';
import type { ProbeServer } from '../../../shared/src/schema/snapshot.ts';
import { open, seal, type SecretKeys } from '../../../shared/src/secret-envelope.ts';
import type { SignInDatabase } from '../_shared/sign-in-database.ts';

const Client = z.looseObject({ client_id: z.string() });

/**
 * The clients of one server: the one that the user entered, or those that were registered. What the user entered
 * belongs to the authorization server that it was used at first.
 * @param isFresh an earlier registration is not used, for its grant was refused
 */
export function clientsOf(
  server: ProbeServer,
  database: Pick<SignInDatabase, 'readClient' | 'putClient'>,
  keys: SecretKeys,
  isFresh: boolean,
): ClientStore {
  const { id: serverId, workspace_id: workspaceId, oauth_client_id } = server;
  return {
    async read(issuer) {
      const stored = await database.readClient(serverId, oauth_client_id === null ? issuer : null);
      if (oauth_client_id === null) {
        if (!stored || isFresh) return null;
        const text = await open(stored.secret, { workspaceId, serverId: stored.id }, keys);
        return Client.parse(JSON.parse(text));
      }
      if (stored && stored.issuer !== issuer)
        throw new SignInProblem('sign_in_mixed_up', 'The client id belongs to another sign-in service.');
      const secret = server.secret && (await open(server.secret, { workspaceId, serverId }, keys));
      return {
        client_id: oauth_client_id,
        ...(secret !== null && { client_secret: secret }),
        ...(stored && { issuer: stored.issuer }),
      };
    },
    async save(issuer, client) {
      const id = crypto.randomUUID();
      const secret = await seal(JSON.stringify(client), { workspaceId, serverId: id }, keys);
      await database.putClient({ id, serverId, issuer, secret });
    },
  };
}
