import { error, json } from '@sveltejs/kit';
import { signedIn } from '$lib/server/auth/session.ts';
import { listWorkspaces } from '$lib/server/workspace/workspaces.ts';
import type { RequestHandler } from './$types';

/** The user's role in a workspace; 404 for any that the user is not in. */
export const GET: RequestHandler = async (event) => {
  const mine = await listWorkspaces(signedIn(event));
  const workspace = mine.find(({ id }) => id === event.params.id);
  if (!workspace) error(404, { message: 'Workspace not found.' });
  return json({ role: workspace.role }, { headers: { 'cache-control': 'no-store' } });
};
