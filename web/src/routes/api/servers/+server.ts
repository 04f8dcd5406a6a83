import { error, json } from '@sveltejs/kit';
import { z } from 'zod';
import { ServerIds } from '$lib/server/servers/change-servers.ts';
import { deleteServers, IDS_PER_REQUEST, listServers, readServers } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { RequestHandler } from './$types';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DeleteBody = z.object({ ids: ServerIds });

/** All servers of the workspace, or those named by `ids` that still exist. */
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
    .slice(0, IDS_PER_REQUEST);
  return json(wanted.length > 0 ? await readServers(who, wanted) : []);
};

/** Deletes servers and returns the IDs of those that the user may not delete. */
export const DELETE: RequestHandler = async (event) => {
  const who = signedIn(event);
  const body = DeleteBody.safeParse(await event.request.json().catch(() => null));
  if (!body.success) error(400, { message: 'Invalid server IDs.' });
  return json({ left: await deleteServers(who, body.data.ids) });
};
