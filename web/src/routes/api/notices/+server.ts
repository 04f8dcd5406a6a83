import { json } from '@sveltejs/kit';
import { listNotices } from '$lib/server/notices.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { RequestHandler } from './$types';

const SHOWN = 100;

export const GET: RequestHandler = async (event) => {
  const who = signedIn(event);
  const workspace = await currentWorkspace(who, event.cookies);
  return json(await listNotices(who, workspace.id, SHOWN));
};
