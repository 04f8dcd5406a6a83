import { z } from 'zod';
import { firstRow, NOT_FOUND, rows, writtenRows } from '$lib/server/database.ts';
import type { Result } from '$lib/server/result.ts';
import type { SignedIn } from '$lib/server/auth/session.ts';

export const WebhookRow = z.object({
  id: z.string(),
  url: z.string(),
  is_active: z.boolean(),
  paused_at: z.string().nullable(),
});
export type WebhookRow = z.infer<typeof WebhookRow>;

export const DeliveryRow = z.object({
  id: z.string(),
  body: z.object({ type: z.string() }),
  state: z.enum(['waiting', 'delivered', 'failed']),
  attempts: z.int(),
  http_status: z.int().nullable(),
  error_code: z.string().nullable(),
  created_at: z.string(),
});
export type DeliveryRow = z.infer<typeof DeliveryRow>;

/** Reads the webhook of a workspace; null if there is none or the user may not see it. */
export function readWebhook(who: SignedIn, workspaceId: string): Promise<WebhookRow | null> {
  return firstRow(
    who.supabase
      .from('notice_webhooks')
      .select('id, url, is_active, paused_at')
      .eq('workspace_id', workspaceId),
    WebhookRow,
  );
}

/** Lists the latest deliveries of a webhook, newest first. */
export function listDeliveries(who: SignedIn, webhookId: string, limit: number): Promise<DeliveryRow[]> {
  return rows(
    who.supabase
      .from('webhook_deliveries')
      .select(Object.keys(DeliveryRow.shape).join(','))
      .eq('webhook_id', webhookId)
      .order('created_at', { ascending: false })
      .limit(limit),
    DeliveryRow,
  );
}

export async function deleteWebhook(who: SignedIn, workspaceId: string): Promise<Result> {
  const answer = await who.supabase
    .from('notice_webhooks')
    .delete()
    .eq('workspace_id', workspaceId)
    .select('id');
  return writtenRows(answer, NOT_FOUND);
}
