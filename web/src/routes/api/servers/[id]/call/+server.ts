import { CallToolBody } from '@patchbay/shared/contract/schema/functions';
import { json } from '@sveltejs/kit';
import { streamCall } from '$lib/server/edge-functions.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { RequestHandler } from './$types';

/** Calls a tool with `{ tool, arguments }` and streams progress. */
export const POST: RequestHandler = async (event) => {
  const who = signedIn(event);
  const given: unknown = await event.request.json().catch(() => null);
  const body = CallToolBody.safeParse({ ...(given as object), server_id: event.params.id });
  if (!body.success) return json({ message: 'Invalid tool arguments.' }, { status: 400 });
  return streamCall(who, body.data, event.request.signal);
};
