import { error } from '@sveltejs/kit';
import { signedIn } from '$lib/server/auth/session.ts';
import { exportWorkspace } from '../workspace-transfer.server.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async (event) => {
  const who = signedIn(event);
  const workspace = await currentWorkspace(who, event.cookies);
  const outcome = await exportWorkspace(who, workspace.id);
  if (!outcome.ok) error(outcome.status, { message: outcome.message });
  const name = workspace.name.replace(/[^a-z0-9]+/gi, '-').slice(0, 40) || 'workspace';
  return new Response(JSON.stringify(outcome.value, null, 2), {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="patchbay-${name}.json"`,
      'cache-control': 'private, no-store',
    },
  });
};
