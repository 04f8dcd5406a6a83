import { json } from '@sveltejs/kit';
import { streamTest } from '$lib/server/edge-functions.ts';
import { readPasted } from '$lib/server/servers/import-servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { RequestHandler } from './$types';

/** Tests one entry (`key`) of a pasted file (`text`) and streams the phases. */
export const POST: RequestHandler = async (event) => {
  const who = signedIn(event);
  const form = await event.request.formData();
  const file = readPasted(form);
  const entry = file.ok ? file.value.servers.find(({ key }) => key === form.get('key')) : undefined;
  if (!entry) return json({ message: "This entry wasn't found in the JSON." }, { status: 400 });
  const { url, transport, protocol_era, auth_method, auth_header } = entry.server;
  return streamTest(
    who,
    { url, transport, protocol_era, auth_method, auth_header, credential: entry.credential },
    event.request.signal,
  );
};
