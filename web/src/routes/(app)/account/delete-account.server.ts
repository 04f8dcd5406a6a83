import { z } from 'zod';
import type { SignedIn } from '$lib/server/auth/session.ts';
import { callProcedure } from '$lib/server/procedures.ts';
import type { Result } from '$lib/server/result.ts';

/** The effects of deleting the caller's account (`preview_account_deletion`). */
export const DeletionPreview = z.object({
  personal: z.object({ name: z.string(), members: z.array(z.string()) }).nullable(),
  /** Workspaces whose only owner is the caller; each needs a choice. */
  shared: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      successors: z.array(z.object({ user_id: z.string(), email: z.string() })),
    }),
  ),
  alone: z.array(z.string()),
  credentials: z.array(
    z.object({ workspace: z.string(), name: z.string(), kind: z.enum(['key', 'sign_in', 'webhook']) }),
  ),
});
export type DeletionPreview = z.infer<typeof DeletionPreview>;

const DELETE = 'delete';
const PREFIX = 'successor:';

export async function previewDeletion(who: SignedIn): Promise<DeletionPreview | null> {
  const preview = await callProcedure(who, 'preview_account_deletion', {}, DeletionPreview);
  return preview.ok ? preview.value : null;
}

/** The choice for each workspace by ID: the new owner's ID, or null to delete the workspace. */
export function readSuccessors(form: FormData): Record<string, string | null> {
  const chosen = [...form].flatMap(([name, value]) =>
    name.startsWith(PREFIX) && typeof value === 'string' && value !== ''
      ? [[name.slice(PREFIX.length), value === DELETE ? null : value] as const]
      : [],
  );
  return Object.fromEntries(chosen);
}

/**
 * Deletes the account with all its data and signs this browser out.
 * @param successors new owners of the workspaces that the user alone owns, see `delete_account`
 * @returns 409 if a workspace is missing, 400 with errors by workspace ID if a successor is not allowed
 */
export async function deleteAccount(
  who: SignedIn,
  successors: Record<string, string | null>,
): Promise<Result> {
  const done = z.unknown().transform(() => null);
  const outcome = await callProcedure(who, 'delete_account', { p_successors: successors }, done);
  if (outcome.ok) await who.supabase.auth.signOut({ scope: 'local' });
  return outcome;
}
