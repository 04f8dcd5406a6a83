import type { SupabaseContext } from '@supabase/server';
import type { ClientSchema } from '../../../shared/src/contract/schema/database.ts';
import { HostAdmission, hostRequestCounter } from '../../../shared/src/engine/outgoing/host-admission.ts';
import { callerId } from './database.ts';
import { serviceRpcOf } from './service-rpc.ts';

const admission = new HostAdmission();

/** Runs work for the caller, whose requests to each host are counted over all workspaces before they are made. */
export function countingHosts<T>(context: SupabaseContext<ClientSchema>, work: () => Promise<T>): Promise<T> {
  const userId = callerId(context);
  return admission.run(userId, hostRequestCounter(serviceRpcOf(context), { p_user_id: userId }), work);
}
