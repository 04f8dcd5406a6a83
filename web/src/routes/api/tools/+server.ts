import { json } from '@sveltejs/kit';
import { listToolNames } from '$lib/server/servers/tools.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { RequestHandler } from './$types';

/** The names of the workspace's tools, for the palette. */
export const GET: RequestHandler = async (event) => {
  const who = signedIn(event);
  const workspace = await currentWorkspace(who, event.cookies);
  return json(await listToolNames(who, workspace.id));
};
