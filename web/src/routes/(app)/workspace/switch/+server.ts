import { redirect } from '@sveltejs/kit';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { signedIn } from '$lib/server/auth/session.ts';
import { listWorkspaces, rememberWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { RequestHandler } from './$types';

/** Switches to another workspace; ignores one that the user is not in. */
export const POST: RequestHandler = async (event) => {
  const who = signedIn(event);
  const form = await event.request.formData();
  const wanted = String(form.get('workspace'));
  const all = await listWorkspaces(who);
  if (all.some(({ id }) => id === wanted)) rememberWorkspace(event.cookies, event.url, wanted);
  redirect(303, returnPath(String(form.get('to'))));
};
