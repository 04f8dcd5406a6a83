import { redirect } from '@sveltejs/kit';
import { discoverTools } from '$lib/server/edge-functions.ts';
import { signedIn } from '$lib/server/session.ts';
import { finishSignIn } from '$lib/server/sign-ins.ts';
import type { PageServerLoad } from './$types';

/** How long the way back waits for the tools; the discovery itself goes on after it. */
const DISCOVERY_PATIENCE_MS = 3000;

/** Where authorization servers send people back. What they bring is good once, and for this user only. */
export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const answer = await finishSignIn(who, event.url.searchParams.toString());
  if (!answer.ok) return { message: answer.message, hint: answer.hint ?? '' };
  const { server_id, return_to } = answer.value;
  const patience = new Promise((resolve) => setTimeout(resolve, DISCOVERY_PATIENCE_MS));
  await Promise.race([discoverTools(who, { server_id }), patience]);
  const back = new URL(return_to, event.url.origin);
  back.searchParams.set('signed_in', server_id);
  // The code leaves the address with this.
  redirect(303, back.pathname + back.search);
};
