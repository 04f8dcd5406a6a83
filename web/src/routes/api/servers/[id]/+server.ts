import { json } from '@sveltejs/kit';
import { problemWords } from '$lib/server/database.ts';
import { deleteServer } from '$lib/server/servers.ts';
import { signedIn } from '$lib/server/session.ts';
import type { RequestHandler } from './$types';

export const DELETE: RequestHandler = async (event) => {
  const result = await deleteServer(signedIn(event), event.params.id);
  if (result.ok) return new Response(null, { status: 204 });
  return json(
    { message: problemWords(result.problem) },
    { status: result.problem === 'forbidden' ? 403 : 503 },
  );
};
