import { json } from '@sveltejs/kit';
import { ServerIds } from '$lib/server/servers/change-servers.ts';
import { readPulses } from './pulses.server.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { PULSES_PER_REQUEST } from '$lib/servers/pulses.svelte.ts';
import type { RequestHandler } from './$types';

/** The last day of the servers named by `ids`, and when they are probed next. */
export const GET: RequestHandler = async (event) => {
  const who = signedIn(event);
  const ids = ServerIds.safeParse(event.url.searchParams.get('ids')?.split(',').slice(0, PULSES_PER_REQUEST));
  return json(ids.success ? await readPulses(who, ids.data, new Date()) : {});
};
