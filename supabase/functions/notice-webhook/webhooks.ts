import type { SupabaseContext } from '@supabase/server';
import { z } from 'zod';
import type { SealedSecret } from '../../../shared/src/contract/schema/snapshot.ts';
import { Role } from '../../../shared/src/contract/schema/workspace.ts';
import { callerId } from '../_shared/database.ts';
import { read } from '../_shared/read.ts';

export interface Webhooks {
  roleIn(workspaceId: string): Promise<Role | null>;
  find(workspaceId: string): Promise<string | null>;
  /** @param secret null keeps the stored one */
  put(webhook: { id: string; workspaceId: string; url: string; secret: SealedSecret | null }): Promise<void>;
  /** `waiting`: an earlier message is still queued; `off`: the webhook is switched off. */
  sendTest(workspaceId: string): Promise<'queued' | 'waiting' | 'off'>;
}

export function webhooksOf(context: SupabaseContext): Webhooks {
  const { supabase, supabaseAdmin } = context;
  const userId = callerId(context);
  return {
    async roleIn(workspaceId) {
      const membership = await read(
        supabase
          .from('workspace_members')
          .select('role')
          .eq('workspace_id', workspaceId)
          .eq('user_id', userId)
          .maybeSingle(),
        z.object({ role: Role }).nullable(),
      );
      return membership?.role ?? null;
    },
    async find(workspaceId) {
      const row = await read(
        supabaseAdmin.from('notice_webhooks').select('id').eq('workspace_id', workspaceId).maybeSingle(),
        z.object({ id: z.string() }).nullable(),
      );
      return row?.id ?? null;
    },
    async put({ id, workspaceId, url, secret }) {
      await read(
        supabaseAdmin.rpc('put_notice_webhook', {
          p_id: id,
          p_workspace_id: workspaceId,
          p_url: url,
          p_secret: secret,
          p_actor: userId,
        }),
        z.unknown(),
      );
    },
    sendTest: (workspaceId) =>
      read(
        supabaseAdmin.rpc('test_notice_webhook', { p_workspace_id: workspaceId }),
        z.enum(['queued', 'waiting', 'off']),
      ),
  };
}
