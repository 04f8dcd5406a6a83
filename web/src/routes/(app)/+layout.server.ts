import { readZone, ZONE_COOKIE } from '$lib/live/time-zone.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { countServers } from '$lib/server/servers/servers.ts';
import { settings } from '$lib/server/settings.ts';
import { chooseWorkspace, listWorkspaces } from '$lib/server/workspace/workspaces.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = async (event) => {
  const who = signedIn(event);
  const workspaces = await listWorkspaces(who);
  const workspace = chooseWorkspace(workspaces, event.cookies);
  return {
    user: who.user,
    workspace,
    workspaces: workspaces.map(({ id, name, role }) => ({ id, name, role })),
    serverCount: await countServers(who, workspace.id),
    theme: event.locals.theme,
    isRehearsal: settings().model === 'rehearsal',
    now: Date.now(),
    zone: readZone(event.cookies.get(ZONE_COOKIE)),
  };
};
