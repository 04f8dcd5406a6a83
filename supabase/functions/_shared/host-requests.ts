import type { SupabaseContext } from '@supabase/server';
import type { ClientSchema } from '../../../shared/src/contract/schema/database.ts';
import { HostAdmission, HostAllowance } from '../../../shared/src/engine/outgoing/host-admission.ts';
import { callerId } from './database.ts';
import { read } from './read.ts';

const admission = new HostAdmission();

/** Runs work for the caller, whose requests to each host are counted over all workspaces before they are made. */
export function countingHosts<T>(context: SupabaseContext<ClientSchema>, work: () => Promise<T>): Promise<T> {
  const userId = callerId(context);
  const count = (hosts: string[], requests: number) =>
    read(
      context.supabaseAdmin.rpc('count_host_requests', {
        p_hosts: hosts,
        p_requests: requests,
        p_user_id: userId,
      }),
      HostAllowance,
    );
  return admission.run(userId, count, work);
}
