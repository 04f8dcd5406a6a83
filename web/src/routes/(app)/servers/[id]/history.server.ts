import { z } from 'zod';
import { firstRow, rows } from '$lib/server/database.ts';
import type { SignedIn } from '$lib/server/auth/session.ts';

const Span = z.object({
  checks: z.number(),
  /** 0 to 1; null if nothing was checked. */
  uptime: z.number().nullable(),
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
});
const History = z.object({ day: Span, week: Span, month: Span });

export const IncidentRow = z.object({
  id: z.string(),
  started_at: z.string(),
  ended_at: z.string().nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
});
export type IncidentRow = z.infer<typeof IncidentRow>;

const HealthRow = z.object({ certificate_expires_at: z.string().nullable() });

export interface ServerHistory extends z.infer<typeof History> {
  incidents: IncidentRow[];
  certificateExpiresAt: string | null;
}

/** Uptime, latency and incidents of a server over a day, a week and 30 days. */
export async function readHistory(
  who: SignedIn,
  serverId: string,
  incidentLimit: number,
): Promise<ServerHistory | null> {
  const [answer, incidents, health] = await Promise.all([
    who.supabase.rpc('server_history', { p_server_id: serverId }),
    rows(
      who.supabase
        .from('mcp_server_incidents')
        .select(Object.keys(IncidentRow.shape).join(','))
        .eq('server_id', serverId)
        .order('started_at', { ascending: false })
        .limit(incidentLimit),
      IncidentRow,
    ),
    firstRow(
      who.supabase.from('mcp_server_health').select('certificate_expires_at').eq('server_id', serverId),
      HealthRow,
    ),
  ]);
  const history = History.nullable().safeParse(answer.data);
  if (answer.error || !history.success || !history.data) return null;
  return { ...history.data, incidents, certificateExpiresAt: health?.certificate_expires_at ?? null };
}
