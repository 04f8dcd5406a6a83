import { z } from 'zod';
import type { ServerPulse } from '$lib/servers/pulses.svelte.ts';
import { rows } from '$lib/server/database.ts';
import type { SignedIn } from '$lib/server/auth/session.ts';

const DAY_MS = 24 * 3600 * 1000;
const HourRow = z.object({
  server_id: z.string(),
  hour: z.string(),
  checks: z.number(),
  failures: z.number(),
});
const DueRow = z.object({ server_id: z.string(), due_at: z.string().nullable() });

/**
 * The last day of some servers by the hour, and when each is probed next.
 * @param ids at most 40, so that their hours fit into one answer of 1,000 rows
 */
export async function readPulses(
  who: SignedIn,
  ids: string[],
  now: Date,
): Promise<Record<string, ServerPulse>> {
  const since = new Date(now.getTime() - DAY_MS).toISOString();
  const [hours, dues] = await Promise.all([
    rows(
      who.supabase
        .from('mcp_server_hours')
        .select('server_id, hour, checks, failures')
        .in('server_id', ids)
        .gt('hour', since)
        .order('hour'),
      HourRow,
    ),
    rows(who.supabase.from('mcp_server_health').select('server_id, due_at').in('server_id', ids), DueRow),
  ]);
  const pulses: Record<string, ServerPulse> = {};
  for (const id of ids) pulses[id] = { dueAt: null, hours: [] };
  for (const { server_id: id, due_at: dueAt } of dues) if (pulses[id]) pulses[id].dueAt = dueAt;
  for (const { server_id: id, hour, checks, failures } of hours)
    pulses[id]?.hours.push({ hour, checks, failures });
  return pulses;
}
