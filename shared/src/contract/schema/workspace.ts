import { z } from 'zod';
import { MAX_LENGTH } from '../max-length.ts';
import { refuse, text, textProblem, trimmedText, wholeNumber } from './fields.ts';
import { Timestamp } from './server.ts';

/** Roles from the most to the least powerful. */
export const Role = z.enum(['owner', 'admin', 'member', 'viewer']);
export type Role = z.infer<typeof Role>;

/** A new workspace, and a change of its name. */
export const WorkspaceInput = z.object({
  name: text({ max: MAX_LENGTH.name, required: 'Give the workspace a name.' }),
});

/** A row of the answer of `list_members`. */
export const WorkspaceMember = z.object({
  user_id: z.string(),
  email: z.string(),
  role: Role,
  created_at: Timestamp,
});
export type WorkspaceMember = z.infer<typeof WorkspaceMember>;

/** An invitation as its owners see it; the hash of the token stays in the database. */
export const WorkspaceInvitationRow = z.object({
  id: z.string(),
  workspace_id: z.string(),
  /** Null: the link works for whoever holds it. */
  email: z.string().nullable(),
  role: Role,
  invited_by: z.string(),
  expires_at: Timestamp,
  accepted_at: Timestamp.nullable(),
  accepted_by: z.string().nullable(),
});
export type WorkspaceInvitationRow = z.infer<typeof WorkspaceInvitationRow>;

/** What an invitation is made of. Without an address it is for whoever holds the link. */
export const InvitationInput = z.object({
  role: Role.exclude(['owner'], 'Choose admin, member or viewer.'),
  email: trimmedText()
    .superRefine(
      refuse((email: string) => {
        const problem = textProblem(email, { max: MAX_LENGTH.email });
        if (problem || email === '' || /^[^@\s]+@[^@\s]+$/.test(email)) return problem;
        return { code: 'bad_format', message: 'Enter a valid email address.' };
      }),
    )
    .optional(),
  expires_in_hours: wholeNumber({ min: 1, max: 720 }, 'Enter 1 to 720 hours (30 days).'),
});
export type InvitationInput = z.infer<typeof InvitationInput>;

/** The answer of `create_invitation`, the only response that contains the token. */
export const NewInvitation = z.object({
  id: z.string(),
  token: z.string(),
  role: Role,
  email: z.string().nullable(),
  expires_at: Timestamp,
});
export type NewInvitation = z.infer<typeof NewInvitation>;

/** The answer of `preview_invitation`. */
export const InvitationPreview = z.object({
  workspace_id: z.string(),
  workspace_name: z.string(),
  role: Role,
  expires_at: Timestamp,
  is_member: z.boolean(),
});
export type InvitationPreview = z.infer<typeof InvitationPreview>;

/** The answer of `accept_invitation`; `joined` is false for who was a member already. */
export const AcceptedInvitation = z.object({
  workspace_id: z.string(),
  workspace_name: z.string(),
  role: Role,
  joined: z.boolean(),
});
export type AcceptedInvitation = z.infer<typeof AcceptedInvitation>;

/** The answer of `rename_tag` and `remove_tag`: servers changed, and others' servers that still carry the tag. */
export const TagChange = z.object({ changed: z.int(), left: z.int() });
export type TagChange = z.infer<typeof TagChange>;

/** A row of `audit_events`, for owners and admins. A field whose values are not kept is null in `changes`. */
export const AuditEventRow = z.object({
  id: z.string(),
  workspace_id: z.string(),
  actor_id: z.string().nullable(),
  /** The API token that was used; its id and name stay when the token is deleted. */
  token_id: z.string().nullable(),
  token_name: z.string().nullable(),
  action: z.enum(['insert', 'update', 'delete', 'move_in', 'move_out', 'export', 'import', 'sign_out']),
  table_name: z.string(),
  row_id: z.string().nullable(),
  row_name: z.string().nullable(),
  changes: z.record(
    z.string(),
    z.object({ from: z.unknown().optional(), to: z.unknown().optional() }).nullable(),
  ),
  created_at: Timestamp,
});
export type AuditEventRow = z.infer<typeof AuditEventRow>;
