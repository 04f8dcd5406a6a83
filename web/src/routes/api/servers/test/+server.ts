import { json } from '@sveltejs/kit';
import { planTest } from '$lib/server/servers/save-server.ts';
import { streamTest } from '$lib/server/edge-functions.ts';
import { readServer } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { RequestHandler } from './$types';

/** Tests the add or edit form and streams the phases; `saved_id` names a stored server. */
export const POST: RequestHandler = async (event) => {
  const who = signedIn(event);
  const form = await event.request.formData();
  const id = form.get('saved_id');
  const stored = typeof id === 'string' && id !== '' ? await readServer(who, id) : null;
  const plan = planTest(form, stored);
  // Invalid fields are a test result, not a failed request.
  if (!plan.ok) return json({ fieldErrors: plan.fieldErrors });
  return streamTest(who, plan.value, event.request.signal);
};
