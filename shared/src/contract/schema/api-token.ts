import { z } from 'zod';
import { Timestamp } from './server.ts';

/** What a token may do beside reading. The database holds the same list as a constraint of `api_tokens`. */
export const TOKEN_SCOPES = ['servers:write', 'servers:test', 'tools:call', 'agents:write'] as const;
export const TokenScope = z.enum(TOKEN_SCOPES);
export type TokenScope = z.infer<typeof TokenScope>;

/** An API token as its owners and admins see it; its hash stays in the database. */
export const ApiTokenRow = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(TokenScope),
  created_by: z.string(),
  created_at: Timestamp,
  /** To the minute. */
  last_used_at: Timestamp.nullable(),
  expires_at: Timestamp.nullable(),
  revoked_at: Timestamp.nullable(),
});
export type ApiTokenRow = z.infer<typeof ApiTokenRow>;

/** The answer of `create_api_token`, the only response that contains the token. */
export const NewApiToken = z.object({ id: z.string(), token: z.string() });

/** The answer of `use_api_token`. */
export const UsedApiToken = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('good'),
    token_id: z.string(),
    user_id: z.string(),
    scopes: z.array(TokenScope),
  }),
  z.object({ state: z.enum(['unknown', 'revoked', 'expired']) }),
]);
export type UsedApiToken = z.infer<typeof UsedApiToken>;
