import { VoiceTokenBody } from '@patchbay/shared/contract/schema/functions';
import { json } from '@sveltejs/kit';
import { jsonResponse } from '$lib/server/json-response.ts';
import { openVoiceSession } from '$lib/server/edge-functions.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { settings } from '$lib/server/settings.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async (event) => {
  const who = signedIn(event);
  const { voiceUnavailable } = settings();
  if (voiceUnavailable) {
    return json(
      { message: "Voice calls aren't available: no voice server is set up.", hint: voiceUnavailable },
      { status: 503 },
    );
  }
  const body = VoiceTokenBody.safeParse(await event.request.json().catch(() => null));
  if (!body.success) return json({ message: 'Invalid agent.' }, { status: 400 });
  return jsonResponse(await openVoiceSession(who, body.data));
};
