import { json } from '@sveltejs/kit';
import { unavailable } from '$lib/server/database.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { RequestHandler } from './$types';

/** Reports that someone has the workspace open, so its servers are probed more often. */
export const POST: RequestHandler = async (event) => {
  const who = signedIn(event);
  const workspace = await currentWorkspace(who, event.cookies);
  const answer = await who.supabase.rpc('watch_workspace', { p_workspace_id: workspace.id });
  if (answer.error) unavailable(answer.status);
  return json(answer.data);
};
