import { listServers } from '$lib/server/servers/servers.ts';
import { listMembers } from '$lib/server/workspace/members.ts';
import { settings } from '$lib/server/settings.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { LayoutServerLoad } from './$types';

/** Streamed behind a skeleton on navigation, part of the page on a full load. */
export const load: LayoutServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  const servers = listServers(who, workspace.id);
  return {
    servers: event.isDataRequest ? { later: servers } : { now: await servers },
    members: workspace.isPersonal ? [] : await listMembers(who, workspace.id),
    // A server that needs a key is a poor first server.
    demoServers: settings().demoServers.filter((server) => server.auth_method === 'none'),
  };
};
