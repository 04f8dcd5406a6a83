import { z } from 'zod';
import { isSameIssuer } from '../../../shared/src/engine/oauth/issuer.ts';
import { SignInProblem } from '../../../shared/src/engine/oauth/sign-in-problem.ts';
import type { ClientStore } from '../../../shared/src/engine/oauth/sign-in-provider.ts';
import type { ProbeServer } from '../../../shared/src/contract/schema/snapshot.ts';
import { open, seal, type SecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
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
  database: Pick<SignInDatabase, 'readClient' | 'putClient' | 'readClientSecret' | 'bindClientSecret'>,
  keys: SecretKeys,
  use: { isTrusted: boolean; redirectUrl: string; now: number },
): ClientStore {
  const { id: serverId, workspace_id: workspaceId, oauth_client_id } = server;
  return {
    async read(issuer, asked) {
      const stored = await database.readClient(serverId, oauth_client_id === null ? issuer : null);
      if (oauth_client_id === null) {
        // A user who did not return may have met an error page.
        if (!stored || !use.isTrusted || stored.is_unfinished) return null;
        // A registration at another issuer does not open for this one.
        const place = { workspaceId, serverId: stored.id, issuer };
        const text = await open(stored.secret, place, keys).catch(() => null);
        const client = text === null ? null : Client.parse(JSON.parse(text));
        return client && isUsable(client, use) ? client : null;
      }
      if (stored && !isSameIssuer(stored.issuer, issuer)) throw anotherService(stored.issuer, issuer);
      // Anybody can claim an issuer, so an accepted claim must not release the secret of another service.
      const service = isSameIssuer(asked, issuer) ? issuer : asked;
      const secret = await clientSecretFor(service, server, database, keys);
      return {
        client_id: oauth_client_id,
        ...(secret !== null && { client_secret: secret }),
        ...(stored && { issuer: stored.issuer }),
      };
    },
    async save(issuer, client) {
      const id = crypto.randomUUID();
      const secret = await seal(JSON.stringify(client), { workspaceId, serverId: id, issuer }, keys);
      await database.putClient({ id, serverId, issuer, secret });
    },
  };
}

/**
 * The first use seals it to that authorization server: if the MCP server names another one later, it does not open.
 * @throws SignInProblem `sign_in_mixed_up` if it belongs to another authorization server
 */
async function clientSecretFor(
  issuer: string,
  server: ProbeServer,
  database: Pick<SignInDatabase, 'readClientSecret' | 'bindClientSecret'>,
  keys: SecretKeys,
): Promise<string | null> {
  const stored = await database.readClientSecret(server.id);
  if (!stored) return null;
  if (stored.issuer !== null && !isSameIssuer(stored.issuer, issuer))
    throw anotherService(stored.issuer, issuer);
  const place = { workspaceId: server.workspace_id, serverId: server.id, address: server.url };
  const secret = await open(stored.secret, { ...place, issuer: stored.issuer }, keys);
  if (stored.issuer !== null) return secret;
  const bound = { id: stored.id, issuer, secret: await seal(secret, { ...place, issuer }, keys) };
  // Another request was faster.
  return (await database.bindClientSecret(bound)) ? secret : clientSecretFor(issuer, server, database, keys);
}

/** Not with an expired secret, nor for another address of the page. */
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
  const words = `The client ID was first used with ${known}, but this server now uses ${named}. If that's right, enter the client ID and secret again.`;
  return new SignInProblem('sign_in_mixed_up', words);
}
