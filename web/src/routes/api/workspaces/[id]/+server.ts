import { error, json } from '@sveltejs/kit';
import { signedIn } from '$lib/server/auth/session.ts';
import { listWorkspaces } from '$lib/server/workspace/workspaces.ts';
import type { RequestHandler } from './$types';

/** The role of the user in a workspace; 404 for one that they are not in, whether it exists or not. */
export const GET: RequestHandler = async (event) => {
  const mine = await listWorkspaces(signedIn(event));
  const workspace = mine.find(({ id }) => id === event.params.id);
  if (!workspace) error(404, { message: 'Workspace not found.' });
  return json({ role: workspace.role }, { headers: { 'cache-control': 'no-store' } });
};
