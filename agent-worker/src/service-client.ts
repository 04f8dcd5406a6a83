/** The database with the service key: one client, and calls of its functions with checked results. */
import type { ClientSchema } from '@patchbay/shared/contract/schema/database';
import { storable } from '@patchbay/shared/contract/json/storable';
import { type SupabaseClient, createClient } from '@supabase/supabase-js';
import { z } from 'zod';

export type ServiceClient = SupabaseClient<ClientSchema>;

type ServiceCall = keyof ClientSchema['public']['Functions'];

/** A call to the database failed. `retryable`: unreachable or overloaded, as opposed to a rejected request. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly retryable: boolean;

  constructor(call: string, status: number, detail: string) {
    super(`${call} failed with status ${status}: ${detail}`);
    // supabase-js gives status 0 when nothing responded.
    this.retryable = status === 0 || status === 408 || status === 429 || status >= 500;
  }
}

/** It holds no user session. */
export function createServiceClient(url: string, secretKey: string): ServiceClient {
  return createClient<ClientSchema>(url, secretKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

/** Calls of database functions; each throws DatabaseError, also when the result does not fit its schema. */
export function serviceCalls(client: ServiceClient, timeoutMs: number) {
  return async <Name extends ServiceCall, T>(
    name: Name,
    args: ClientSchema['public']['Functions'][Name]['Args'],
    schema: z.ZodType<T>,
  ): Promise<T> => {
    const answer = await client.rpc(name, storable(args)).abortSignal(AbortSignal.timeout(timeoutMs));
    const { error } = answer;
    if (error) throw new DatabaseError(name, answer.status, error.code || error.message);
    const parsed = schema.safeParse(answer.data);
    if (!parsed.success) throw new DatabaseError(name, 422, z.prettifyError(parsed.error));
    return parsed.data;
  };
}
