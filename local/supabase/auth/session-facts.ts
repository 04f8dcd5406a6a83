/** @supabase/lite leaves these empty. */
import { decodeJwt } from 'jose';
import type { Sql } from 'postgres';

/**
 * Stores the browser and address of the session that an Auth response opens or refreshes. Ignores other responses.
 * @param answer lite's response, with its own token
 * @param address the client's
 */
export async function noteSession(
  sql: Sql,
  answer: Response,
  request: Request,
  address: string,
): Promise<void> {
  const token = await accessTokenOf(answer);
  const sessionId = token === null ? undefined : decodeJwt(token)['session_id'];
  if (typeof sessionId !== 'string') return;
  const isRefresh = new URL(request.url).searchParams.get('grant_type') === 'refresh_token';
  await sql`
    update auth.sessions set user_agent = ${request.headers.get('user-agent')}, ip = ${address || null},
      refreshed_at = ${isRefresh ? sql`now() at time zone 'UTC'` : sql`refreshed_at`}
    where id = ${sessionId}`;
}

/** In a JSON body, or in the fragment of a redirect (links in emails). */
async function accessTokenOf(answer: Response): Promise<string | null> {
  const fragment = new URLSearchParams(answer.headers.get('location')?.split('#')[1]);
  if (fragment.has('access_token')) return fragment.get('access_token');
  if (!answer.ok || !answer.headers.get('content-type')?.includes('application/json')) return null;
  const body = (await answer.clone().json()) as { access_token?: unknown } | null;
  return typeof body?.access_token === 'string' ? body.access_token : null;
}
