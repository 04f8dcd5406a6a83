import { z } from 'zod';
import type { SignedIn } from '$lib/server/auth/session.ts';
import { callProcedure } from '$lib/server/procedures.ts';
import type { Result } from '$lib/server/result.ts';

/** What deleting the caller's account does to others: the answer of `preview_account_deletion`. */
export const DeletionPreview = z.object({
  personal: z.object({ name: z.string(), members: z.array(z.string()) }).nullable(),
  /** Workspaces of which the caller is the only owner: each needs a choice. */
  shared: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      successors: z.array(z.object({ user_id: z.string(), email: z.string() })),
    }),
  ),
  /** Names of workspaces that nobody else is in. */
  alone: z.array(z.string()),
  credentials: z.array(
    z.object({ workspace: z.string(), name: z.string(), kind: z.enum(['key', 'sign_in', 'webhook']) }),
  ),
});
export type DeletionPreview = z.infer<typeof DeletionPreview>;

/** The value of a choice that deletes a workspace. */
const DELETE = 'delete';
const PREFIX = 'successor:';

export async function previewDeletion(who: SignedIn): Promise<DeletionPreview | null> {
  const preview = await callProcedure(who, 'preview_account_deletion', {}, DeletionPreview);
  return preview.ok ? preview.value : null;
}

/** What was chosen for each workspace, by its id: the id of a user, or null to delete the workspace. */
export function readSuccessors(form: FormData): Record<string, string | null> {
  const chosen = [...form].flatMap(([name, value]) =>
    name.startsWith(PREFIX) && typeof value === 'string' && value !== ''
      ? [[name.slice(PREFIX.length), value === DELETE ? null : value] as const]
      : [],
  );
  return Object.fromEntries(chosen);
}

/**
 * Deletes the account with all that is the user's own; this browser is signed out.
 * @param successors who owns the workspaces that the user alone owns, see `delete_account`
 * @returns 409 when a workspace is missing, 400 with errors by workspace id when somebody may not be chosen
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
