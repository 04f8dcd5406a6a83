import { z } from 'zod';
import { firstRow, writeFailure } from '../database.ts';
import { DONE, type Result } from '../result.ts';
import type { SignedIn } from '../auth/session.ts';

const TABLE = 'mcp_server_accepted_issuers';

/** The two different issuers of a sign-in. */
export const Issuers = z.object({ expected: z.url().max(2000), received: z.url().max(2000) });
export type Issuers = z.infer<typeof Issuers>;

/** The issuer that an owner or admin accepted for a server, if any. */
export function readAcceptedIssuer(who: SignedIn, serverId: string): Promise<Issuers | null> {
  const query = who.supabase.from(TABLE).select('expected:expected_issuer, received:accepted_issuer');
  return firstRow(query.eq('server_id', serverId), Issuers);
}

/** Accepts an issuer, replacing an earlier one. */
export async function acceptIssuer(
  who: SignedIn,
  server: { id: string; workspace_id: string },
  { expected, received }: Issuers,
): Promise<Result> {
  const withdrawn = await withdrawIssuer(who, server.id);
  if (!withdrawn.ok) return withdrawn;
  const row = { server_id: server.id, workspace_id: server.workspace_id };
  const issuers = { expected_issuer: expected, accepted_issuer: received };
  const { error, status } = await who.supabase.from(TABLE).insert({ ...row, ...issuers });
  return error ? writeFailure(error, status) : DONE;
}

export async function withdrawIssuer(who: SignedIn, serverId: string): Promise<Result> {
  const { error, status } = await who.supabase.from(TABLE).delete().eq('server_id', serverId);
  return error ? writeFailure(error, status) : DONE;
}
