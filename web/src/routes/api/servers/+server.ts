import { json } from '@sveltejs/kit';
import { listServers, readServers } from '$lib/server/servers.ts';
import { signedIn } from '$lib/server/session.ts';
import { currentWorkspace } from '$lib/server/workspaces.ts';
import type { RequestHandler } from './$types';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MOST_IDS = 50;

/** All servers of the workspace, or with `ids` only those that are still there. */
export const GET: RequestHandler = async (event) => {
  const who = signedIn(event);
  const ids = event.url.searchParams.get('ids');
  if (ids === null) {
    const workspace = await currentWorkspace(who, event.cookies);
    return json(await listServers(who, workspace.id));
  }
  const wanted = ids
    .split(',')
    .filter((id) => UUID.test(id))
    .slice(0, MOST_IDS);
  return json(wanted.length > 0 ? await readServers(who, wanted) : []);
};
