import { z } from 'zod';
import { callProcedure } from '../procedures.ts';
import { failure, type Result } from '../result.ts';
import type { SignedIn } from './session.ts';
import { formatUserAgent } from './format-user-agent.ts';

const SessionRow = z.object({
  id: z.string(),
  created_at: z.string(),
  last_used_at: z.string(),
  user_agent: z.string().nullable(),
  ip: z.string().nullable(),
  is_current: z.boolean(),
});

export type ShownSession = Omit<z.infer<typeof SessionRow>, 'user_agent'> & { browser: string };

const TokenRow = z.object({
  id: z.string(),
  name: z.string(),
  workspace_name: z.string(),
  last_used_at: z.string().nullable(),
});
export type OwnToken = z.infer<typeof TokenRow>;

const nothing = z.unknown().transform(() => null);

/** Lists the user's sessions, this browser first; null if they can't be read. */
export async function listSessions(who: SignedIn): Promise<ShownSession[] | null> {
  const found = await callProcedure(who, 'my_sessions', {}, z.array(SessionRow));
  if (!found.ok) return null;
  return found.value.map(({ user_agent, ...session }) => ({
    ...session,
    browser: formatUserAgent(user_agent),
  }));
}

/** Ends a session. Its browser loses access when its access token expires, within an hour. */
export const endSession = (who: SignedIn, id: string): Promise<Result> =>
  z.uuid().safeParse(id).success
    ? callProcedure(who, 'end_session', { p_id: id }, nothing)
    : Promise.resolve(failure(400, 'Select a session.'));

/** @returns how many ended */
export const endOtherSessions = (who: SignedIn): Promise<Result<number>> =>
  callProcedure(who, 'end_other_sessions', {}, z.int());

/** Lists the user's API tokens in all workspaces; null if they can't be read. */
export async function listOwnTokens(who: SignedIn): Promise<OwnToken[] | null> {
  const found = await callProcedure(who, 'my_api_tokens', {}, z.array(TokenRow));
  return found.ok ? found.value : null;
}

/** @returns how many were revoked */
export function revokeOwnTokens(who: SignedIn, ids: string[]): Promise<Result<number>> {
  const parsed = z.array(z.uuid()).min(1).max(1000).safeParse(ids);
  if (parsed.success) return callProcedure(who, 'revoke_my_api_tokens', { p_ids: parsed.data }, z.int());
  return Promise.resolve(failure(400, 'Select at least one API token.'));
}
