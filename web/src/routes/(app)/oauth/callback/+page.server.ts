import { redirect, type Cookies } from '@sveltejs/kit';
import { CALLBACK_PATH } from '@patchbay/shared/engine/oauth/client-metadata';
import { z } from 'zod';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { discoverTools } from '$lib/server/edge-functions.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { finishSignIn } from '$lib/server/servers/sign-ins.ts';
import type { PageServerLoad } from './$types';

/** How long the redirect waits for discovery, which continues afterwards. */
const DISCOVERY_TIMEOUT_MS = 3000;

const COOKIE = 'sign_in_problem';
/** How long the page can be reloaded. */
const COOKIE_S = 600;
const Problem = z.object({ message: z.string(), hint: z.string(), back: z.string().transform(returnPath) });

/**
 * Where authorization servers redirect users. The query works once and only for this user, so a redirect removes it
 * from the URL, and no page shows it.
 */
export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  if (event.url.search === '') return readProblem(event.cookies) ?? redirect(303, '/servers');
  const answer = await finishSignIn(who, event.url.searchParams.toString());
  if (!answer.ok) {
    const { message, hint = '', returnTo: back = '/servers' } = answer;
    event.cookies.set(COOKIE, JSON.stringify({ message, hint, back }), {
      path: CALLBACK_PATH,
      maxAge: COOKIE_S,
      httpOnly: true,
      sameSite: 'lax',
      secure: event.url.protocol === 'https:',
    });
    redirect(303, returnPath(CALLBACK_PATH));
  }
  const { server_id, return_to } = answer.value;
  const patience = new Promise((resolve) => setTimeout(resolve, DISCOVERY_TIMEOUT_MS));
  await Promise.race([discoverTools(who, { server_id }), patience]);
  const back = new URL(returnPath(return_to), event.url.origin);
  back.searchParams.set('signed_in', server_id);
  redirect(303, returnPath(back.pathname + back.search));
};

function readProblem(cookies: Cookies): z.infer<typeof Problem> | null {
  try {
    return Problem.parse(JSON.parse(cookies.get(COOKIE) ?? ''));
  } catch {
    return null;
  }
}
