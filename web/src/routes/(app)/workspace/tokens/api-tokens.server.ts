import { ApiTokenRow, NewApiToken } from '@patchbay/shared/contract/schema/api-token';
import { z } from 'zod';
import { rows } from '$lib/server/database.ts';
import { callProcedure } from '$lib/server/procedures.ts';
import type { Result } from '$lib/server/result.ts';
import type { SignedIn } from '$lib/server/auth/session.ts';

/** Lists the active tokens of a workspace, newest first; none if the user may not see them. */
export function listApiTokens(who: SignedIn, workspaceId: string): Promise<ApiTokenRow[]> {
  return rows(
    who.supabase
      .from('api_tokens')
      .select(Object.keys(ApiTokenRow.shape).join(','))
      .eq('workspace_id', workspaceId)
      .is('revoked_at', null)
      .order('created_at', { ascending: false }),
    ApiTokenRow,
  );
}

/** Creates a token. It is returned only once: the database stores its hash. */
export const createApiToken = (
  who: SignedIn,
  workspaceId: string,
  { name, scopes, days }: { name: string; scopes: string[]; days: number | null },
): Promise<Result<z.infer<typeof NewApiToken>>> =>
  callProcedure(
    who,
    'create_api_token',
    { p_workspace_id: workspaceId, p_name: name, p_scopes: scopes, p_expires_in_days: days },
    NewApiToken,
  );

export const revokeApiToken = (who: SignedIn, id: string): Promise<Result> =>
  callProcedure(
    who,
    'revoke_api_token',
    { p_id: id },
    z.unknown().transform(() => null),
  );
