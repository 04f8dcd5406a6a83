import type { SupabaseContext } from '@supabase/server';
import { z } from 'zod';
import type { ClientSchema } from '../../../shared/src/contract/schema/database.ts';
import type { ServiceRpc } from '../../../shared/src/engine/service-rpc.ts';
import { read } from './read.ts';

/** The engine's calls of database functions. */
export function serviceRpcOf({
  supabaseAdmin,
}: Pick<SupabaseContext<ClientSchema>, 'supabaseAdmin'>): ServiceRpc {
  return (name, args) => read(supabaseAdmin.rpc(name, args as never), z.unknown());
}
