import { Role, WorkspaceRow } from '@patchbay/shared/schema/workspace';
import { error, type Cookies } from '@sveltejs/kit';
import { z } from 'zod';
import { firstRow, rows } from './database.ts';
import type { SignedIn } from './session.ts';

export interface CurrentWorkspace {
  id: string;
  name: string;
  role: Role;
  /** Whether this role may change servers and agents. */
  canEdit: boolean;
}

const Membership = z.object({ workspace_id: z.string(), role: Role });
const WORKSPACE_COOKIE = 'workspace';

/**
 * The workspace that the user works in: the one of the cookie if they are still a member, else their first.
 * @throws 403 when the user belongs to no workspace
 */
export async function currentWorkspace(who: SignedIn, cookies: Cookies): Promise<CurrentWorkspace> {
  const memberships = await rows(
    who.supabase
      .from('workspace_members')
      .select('workspace_id, role')
      .eq('user_id', who.user.id)
      .order('created_at'),
    Membership,
  );
  const wanted = cookies.get(WORKSPACE_COOKIE);
  const chosen = memberships.find((one) => one.workspace_id === wanted) ?? memberships[0];
  if (!chosen) {
    error(403, { message: 'You belong to no workspace.', hint: 'Ask its owner for an invitation.' });
  }
  const workspace = await firstRow(
    who.supabase.from('workspaces').select('id, name, created_by, created_at').eq('id', chosen.workspace_id),
    WorkspaceRow,
  );
  return {
    id: chosen.workspace_id,
    name: workspace?.name ?? 'Workspace',
    role: chosen.role,
    canEdit: chosen.role !== 'viewer',
  };
}
