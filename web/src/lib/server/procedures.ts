import type { ClientSchema } from '@patchbay/shared/contract/schema/database';
import type { z } from 'zod';
import { writeFailure } from './database.ts';
import type { Result } from './result.ts';
import type { SignedIn } from './auth/session.ts';

type Functions = ClientSchema['public']['Functions'];

/** Calls a database function as the user and validates its answer. */
export async function callProcedure<Name extends keyof Functions, T>(
  who: SignedIn,
  name: Name,
  args: Functions[Name]['Args'],
  schema: z.ZodType<T>,
): Promise<Result<T>> {
  const answer = await who.supabase.rpc(name, args);
  if (answer.error) return writeFailure(answer.error, answer.status);
  return { ok: true, value: schema.parse(answer.data) };
}
