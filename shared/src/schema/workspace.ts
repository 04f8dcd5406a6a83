import { z } from 'zod';
import { Timestamp } from './server.ts';

/** Roles from the most to the least powerful. */
export const Role = z.enum(['owner', 'admin', 'member', 'viewer']);
export type Role = z.infer<typeof Role>;

export const WorkspaceRow = z.object({
  id: z.string(),
  name: z.string(),
  created_by: z.string().nullable(),
  created_at: Timestamp,
});
export type WorkspaceRow = z.infer<typeof WorkspaceRow>;

export const WorkspaceMemberRow = z.object({
  workspace_id: z.string(),
  user_id: z.string(),
  role: Role,
  created_at: Timestamp.optional(),
});
export type WorkspaceMemberRow = z.infer<typeof WorkspaceMemberRow>;

/** An invitation as its workspace sees it; the hash of the token stays in the database. */
export const WorkspaceInvitationRow = z.object({
  id: z.string(),
  workspace_id: z.string(),
  email: z.string(),
  role: Role,
  expires_at: Timestamp,
  accepted_at: Timestamp.nullable(),
});
export type WorkspaceInvitationRow = z.infer<typeof WorkspaceInvitationRow>;
