import { VoiceDispatchBody } from '@patchbay/shared/contract/schema/functions';
import { json } from '@sveltejs/kit';
import { jsonResponse } from '$lib/server/json-response.ts';
import { dispatchAgent } from '$lib/server/edge-functions.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async (event) => {
  const who = signedIn(event);
  const body = VoiceDispatchBody.safeParse(await event.request.json().catch(() => null));
  if (!body.success) return json({ message: 'Invalid conversation.' }, { status: 400 });
  return jsonResponse(await dispatchAgent(who, body.data));
};
