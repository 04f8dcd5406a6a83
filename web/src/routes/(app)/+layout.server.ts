import { signedIn } from '$lib/server/session.ts';
import { countServers } from '$lib/server/servers.ts';
import { settings } from '$lib/server/settings.ts';
import { currentWorkspace } from '$lib/server/workspaces.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = async (event) => {
  const who = signedIn(event);
  const workspace = await currentWorkspace(who, event.cookies);
  return {
    user: who.user,
    workspace,
    serverCount: await countServers(who, workspace.id),
    theme: event.locals.theme,
    isRehearsal: settings().model === 'rehearsal',
    now: Date.now(),
  };
};
