import { Role } from '@patchbay/shared/contract/schema/workspace';
import { error, type Cookies } from '@sveltejs/kit';
import { z } from 'zod';
import { rows } from '../database.ts';
import type { SignedIn } from '../auth/session.ts';

export interface CurrentWorkspace {
  id: string;
  name: string;
  role: Role;
  isPersonal: boolean;
  keepsTranscripts: boolean;
  canEdit: boolean;
  canManage: boolean;
}

const Membership = z.object({
  role: Role,
  workspaces: z.object({
    id: z.string(),
    name: z.string(),
    is_personal: z.boolean(),
    keep_transcripts: z.boolean(),
  }),
});

const WORKSPACE_COOKIE = 'workspace';
const YEAR_SECONDS = 365 * 24 * 3600;

export function rememberWorkspace(cookies: Cookies, url: URL, workspaceId: string): void {
  cookies.set(WORKSPACE_COOKIE, workspaceId, {
    path: '/',
    maxAge: YEAR_SECONDS,
    httpOnly: true,
    sameSite: 'lax',
    secure: url.protocol === 'https:',
  });
}

/** Lists the user's workspaces, oldest membership first. */
export async function listWorkspaces(who: SignedIn): Promise<CurrentWorkspace[]> {
  const memberships = await rows(
    who.supabase
      .from('workspace_members')
      .select('role, workspaces(id, name, is_personal, keep_transcripts)')
      .eq('user_id', who.user.id)
      .order('created_at'),
    Membership,
  );
  return memberships.map(({ role, workspaces: workspace }) => ({
    id: workspace.id,
    name: workspace.name,
    role,
    isPersonal: workspace.is_personal,
    keepsTranscripts: workspace.keep_transcripts,
    canEdit: role !== 'viewer',
    canManage: role === 'owner' || role === 'admin',
  }));
}

/**
 * The workspace in the cookie if the user is still a member of it, otherwise their first.
 * @throws 403 if the user is in no workspace
 */
export function chooseWorkspace(all: readonly CurrentWorkspace[], cookies: Cookies): CurrentWorkspace {
  const wanted = cookies.get(WORKSPACE_COOKIE);
  const chosen = all.find(({ id }) => id === wanted) ?? all[0];
  if (!chosen) {
    error(403, {
      message: "You don't belong to a workspace.",
      hint: 'Ask a workspace owner for an invitation.',
    });
  }
  return chosen;
}

/** The current workspace, for form actions and endpoints, which no layout load precedes. */
export async function currentWorkspace(who: SignedIn, cookies: Cookies): Promise<CurrentWorkspace> {
  return chooseWorkspace(await listWorkspaces(who), cookies);
}
