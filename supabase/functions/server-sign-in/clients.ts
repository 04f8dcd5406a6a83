import { z } from 'zod';
import { isSameIssuer } from '../../../shared/src/oauth/issuer.ts';
import { SignInProblem } from '../../../shared/src/oauth/sign-in-problem.ts';
import type { ClientStore } from '../../../shared/src/oauth/sign-in-provider.ts';
import type { ProbeServer } from '../../../shared/src/schema/snapshot.ts';
import { open, seal, type SecretKeys } from '../../../shared/src/secret-envelope.ts';
import type { SignInDatabase } from '../_shared/sign-in-database.ts';

const Client = z.looseObject({
  client_id: z.string(),
  client_secret: z.string().optional(),
  redirect_uris: z.string().array().optional(),
  /** Seconds since 1970; 0: never. */
  client_secret_expires_at: z.number().optional(),
});

/**
 * The clients of one server: the one that the user entered, or those that were registered. What the user entered
 * belongs to the authorization server that it was used at first, and is never thrown away.
 * @param use whether an earlier registration is still trusted, where the way back of a sign-in leads, and the time
 */
export function clientsOf(
  server: ProbeServer,
  database: Pick<SignInDatabase, 'readClient' | 'putClient'>,
  keys: SecretKeys,
  use: { isTrusted: boolean; redirectUrl: string; now: number },
): ClientStore {
  const { id: serverId, workspace_id: workspaceId, oauth_client_id } = server;
  return {
    async read(issuer) {
      const stored = await database.readClient(serverId, oauth_client_id === null ? issuer : null);
      if (oauth_client_id === null) {
        // Whoever was sent away with it and did not come back may have met an error page.
        if (!stored || !use.isTrusted || stored.is_unfinished) return null;
        const text = await open(stored.secret, { workspaceId, serverId: stored.id }, keys);
        const client = Client.parse(JSON.parse(text));
        return isUsable(client, use) ? client : null;
      }
      if (stored && !isSameIssuer(stored.issuer, issuer)) throw anotherService(stored.issuer, issuer);
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

/** Whether a registration still holds: not with a secret that has expired, and not for another address of the page. */
function isUsable(
  client: z.infer<typeof Client>,
  { redirectUrl, now }: { redirectUrl: string; now: number },
) {
  const { client_secret: secret, client_secret_expires_at: endsAt = 0, redirect_uris: addresses } = client;
  const isExpired = secret !== undefined && endsAt > 0 && endsAt * 1_000 <= now + SIGN_IN_MS;
  return !isExpired && (addresses === undefined || addresses.includes(redirectUrl));
}

/** A secret must outlive the sign-in that begins with it. */
const SIGN_IN_MS = 15 * 60_000;

function anotherService(known: string, named: string): SignInProblem {
  const words = `The client id was first used at ${known}, and this server now names ${named}. Enter it again if that is right.`;
  return new SignInProblem('sign_in_mixed_up', words);
}
