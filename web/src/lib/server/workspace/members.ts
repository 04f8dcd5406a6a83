import { readFields } from '@patchbay/shared/contract/schema/fields';
import { InvitationInput, Role } from '@patchbay/shared/contract/schema/workspace';
import { z } from 'zod';
import { invalidInput, rows, writeFailure, writtenRows } from '../database.ts';
import { callProcedure } from '../procedures.ts';
import { DONE, failure, type Result } from '../result.ts';
import type { SignedIn } from '../auth/session.ts';

const Member = z.object({ user_id: z.string(), email: z.string(), role: Role });
export type Member = z.infer<typeof Member>;

const Invitation = z.object({
  id: z.string(),
  email: z.string().nullable(),
  role: Role,
  expires_at: z.string(),
});
export type Invitation = z.infer<typeof Invitation>;

const NewInvitation = z.object({ token: z.string() });
const Preview = z.object({
  workspace_id: z.string(),
  workspace_name: z.string(),
  role: Role,
  expires_at: z.string(),
  is_member: z.boolean(),
});
export type Preview = z.infer<typeof Preview>;
const Joined = z.object({ workspace_id: z.string(), workspace_name: z.string() });

/** Lists the members of a workspace, owners first. */
export async function listMembers(who: SignedIn, workspaceId: string): Promise<Member[]> {
  return rows(who.supabase.rpc('list_members', { p_workspace_id: workspaceId }), Member);
}

/** Lists invitations that still work; none unless the user is an owner. */
export function listInvitations(who: SignedIn, workspaceId: string, now: Date): Promise<Invitation[]> {
  return rows(
    who.supabase
      .from('workspace_invitations')
      .select('id, email, role, expires_at')
      .eq('workspace_id', workspaceId)
      .is('accepted_at', null)
      .gt('expires_at', now.toISOString())
      .order('created_at'),
    Invitation,
  );
}

/** Creates an invitation. Its token is returned only once: the database stores its hash. */
export async function invite(
  who: SignedIn,
  workspaceId: string,
  typed: { role: string; email: string; hours: number },
): Promise<Result<z.infer<typeof NewInvitation>>> {
  const read = readFields(InvitationInput, { ...typed, expires_in_hours: typed.hours });
  if (!read.ok) return invalidInput(read.fieldErrors);
  const { role, email, expires_in_hours } = read.value;
  return callProcedure(
    who,
    'create_invitation',
    { p_workspace_id: workspaceId, p_role: role, p_email: email ?? '', p_expires_in_hours: expires_in_hours },
    NewInvitation,
  );
}

export const previewInvitation = (who: SignedIn, token: string): Promise<Result<Preview>> =>
  callProcedure(who, 'preview_invitation', { p_token: token }, Preview);

export const acceptInvitation = (who: SignedIn, token: string) =>
  callProcedure(who, 'accept_invitation', { p_token: token }, Joined);

/** Makes another member the owner and the caller an admin. */
export const transferOwnership = (who: SignedIn, workspaceId: string, userId: string) =>
  callProcedure(
    who,
    'transfer_ownership',
    { p_workspace_id: workspaceId, p_user_id: userId },
    z.unknown().transform(() => null),
  );

export async function revokeInvitation(who: SignedIn, id: string): Promise<Result> {
  return writtenRows(
    await who.supabase.from('workspace_invitations').delete().eq('id', id).select('id'),
    NOT_CHANGED,
  );
}

export async function setRole(
  who: SignedIn,
  workspaceId: string,
  userId: string,
  role: Role,
): Promise<Result> {
  return writtenRows(
    await who.supabase
      .from('workspace_members')
      .update({ role })
      .eq('workspace_id', workspaceId)
      .eq('user_id', userId)
      .select('user_id'),
    NOT_CHANGED,
  );
}

/** Removes a member, or oneself. A member who left can't read the row any more, so rows are not counted. */
export async function removeMember(who: SignedIn, workspaceId: string, userId: string): Promise<Result> {
  const { error, status } = await who.supabase
    .from('workspace_members')
    .delete()
    .eq('workspace_id', workspaceId)
    .eq('user_id', userId);
  return error ? writeFailure(error, status) : DONE;
}

const NOT_CHANGED = failure(403, "Not found, or your role doesn't allow this.");
