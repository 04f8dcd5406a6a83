/** A grant: what a sign-in to a server gave. In the database it is sealed; here it is opened. */
import { z } from 'zod';
import { boundAddress } from '../../contract/bound-address.ts';
import { AppError } from '../../contract/errors.ts';
import { Timestamp, type CredentialScope } from '../../contract/schema/server.ts';
import { SealedSecret } from '../../contract/schema/snapshot.ts';
import { open, seal, type SecretKeys } from '../secrets/secret-envelope.ts';

/** Whose grant: of a member, or (null) of the workspace. */
export interface GrantHolder {
  workspaceId: string;
  serverId: string;
  holderId: string | null;
  /** URL of the server: a grant is for no other. */
  address: string;
}

/** The holder of the grant that somebody uses at a server. */
export function holderOf(
  server: { id: string; url: string; credential_scope: CredentialScope },
  workspaceId: string,
  userId: string | null,
): GrantHolder {
  const holderId = server.credential_scope === 'member' ? userId : null;
  return { workspaceId, serverId: server.id, holderId, address: server.url };
}

const Tokens = z.looseObject({
  access_token: z.string(),
  token_type: z.string(),
  refresh_token: z.string().optional(),
  /** Seconds. */
  expires_in: z.number().optional(),
  scope: z.string().optional(),
});

/**
 * Whether what somebody sees of a server is its status: where each member has a key or sign-in, only with that of the
 * member who added it, as the monitor does.
 */
export function countsForStatus(
  server: { credential_scope: CredentialScope; added_by: string | null },
  userId: string,
): boolean {
  return server.credential_scope === 'workspace' || server.added_by === userId;
}

/** What is sealed. It names where it belongs, so that in another row it is worth nothing. */
export const GrantContent = z.object({
  server_id: z.string(),
  holder_id: z.string().nullable(),
  /** The URL that the sign-in was for; null in older grants, which the database alone keeps in place. */
  server_address: z.string().nullable().default(null),
  tokens: Tokens,
  /** The client that the tokens were given to. */
  client: z.looseObject({ client_id: z.string(), client_secret: z.string().optional() }),
  authorization_server: z.string(),
  /** Of the authorization server, as it was found at the sign-in; null where it has none. */
  metadata: z.looseObject({ issuer: z.string() }).nullable(),
  /** The resource indicator of the server; null where none was sent. */
  resource: z.string().nullable(),
  /** What the sign-in asked for: what was granted, where the tokens don't say (RFC 6749, section 5.1). */
  requested_scope: z.string().nullable().default(null),
  /** It asked for all scopes that the server lists, for the server had not said what it lacked. */
  is_widest: z.boolean().default(false),
  /** Issued to the client itself, without a user: a new one can be requested at any time. */
  is_unattended: z.boolean(),
});
export type GrantContent = z.infer<typeof GrantContent>;

/** A grant as `read_grant` and `drop_grant` give it. */
export const StoredGrant = z.object({
  id: z.string(),
  server_id: z.string(),
  user_id: z.string().nullable(),
  issuer: z.string(),
  revision: z.int(),
  expires_at: Timestamp.nullable(),
  is_refused: z.boolean(),
  /** What the server wants beyond it; null: nothing, blank: it did not name it. */
  wanted_scope: z.string().nullable(),
  failures: z.int(),
  /** Null: not refreshed since the sign-in. */
  renewed_ms_ago: z.number().nullable(),
  /** Refreshed tokens in a row that the server refused. */
  vain_renewals: z.int(),
  retry_in_ms: z.number().nullable(),
  lease_left_ms: z.number().nullable(),
  secret: SealedSecret,
});
export type StoredGrant = z.infer<typeof StoredGrant>;

export type Grant = Omit<StoredGrant, 'secret'> & GrantContent;

/** @throws AppError `internal` when it does not open, or belongs to somebody else or another address */
export async function openGrant(
  { secret, ...stored }: StoredGrant,
  { workspaceId, address }: Pick<GrantHolder, 'workspaceId' | 'address'>,
  keys: SecretKeys,
): Promise<Grant> {
  const text = await open(secret, { workspaceId, serverId: stored.id }, keys);
  const content = GrantContent.parse(JSON.parse(text));
  if (content.server_id !== stored.server_id || content.holder_id !== stored.user_id)
    throw new AppError('internal', { message: 'The OAuth grant belongs to another server or member.' });
  if (content.server_address !== null && content.server_address !== boundAddress(address))
    throw new AppError('internal', { message: 'The OAuth grant belongs to another address of the server.' });
  return { ...stored, ...content };
}

/** A good grant that was dropped, as `claim_revocations` gives it: whose it was is not known any more. */
export const DroppedGrant = z.object({ id: z.string(), workspace_id: z.string(), secret: SealedSecret });
export type DroppedGrant = z.infer<typeof DroppedGrant>;

/** Opens a grant for its revocation. @throws AppError `internal` when it does not open */
export async function openDropped(
  { id, workspace_id: workspaceId, secret }: DroppedGrant,
  keys: SecretKeys,
): Promise<GrantContent> {
  return GrantContent.parse(JSON.parse(await open(secret, { workspaceId, serverId: id }, keys)));
}

/** @param grantId of the row that it goes to */
export function sealGrant(
  content: GrantContent,
  grantId: string,
  workspaceId: string,
  keys: SecretKeys,
): Promise<SealedSecret> {
  const text = JSON.stringify(GrantContent.parse(content));
  return seal(text, { workspaceId, serverId: grantId }, keys);
}

/** A token that is said to live shorter than this is used until the server refuses it. */
const SHORTEST_LIFE_S = 5;
/** Longer is as good as for ever, and beyond what a date can hold. */
const LONGEST_LIFE_S = 10 * 365 * 86_400;

/**
 * When the access token ends, as ISO 8601; null where the authorization server does not say, or says what cannot be
 * meant: 0, a negative number, or a moment that is over before the token can be used.
 * @param now wall clock, ms since 1970
 */
export function expiryOf({ expires_in: lifeS }: GrantContent['tokens'], now: number): string | null {
  if (lifeS === undefined || !(lifeS >= SHORTEST_LIFE_S && lifeS <= LONGEST_LIFE_S)) return null;
  return new Date(now + lifeS * 1_000).toISOString();
}
