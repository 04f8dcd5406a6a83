import { json } from '@sveltejs/kit';
import { z } from 'zod';
import { signedIn } from '$lib/server/auth/session.ts';
import { settings } from '$lib/server/settings.ts';
import type { RequestHandler } from './$types';

const Sentences = z.object({ sentences: z.array(z.string()) });
const MOST = 24;
const TIMEOUT_MS = 1500;

/** Sentences that the rehearsal model understands; none with a real model. */
export const GET: RequestHandler = async (event) => {
  signedIn(event);
  const { model, modelUrl } = settings();
  if (model !== 'rehearsal' || !modelUrl) return json([]);
  const answer: unknown = await fetch(`${modelUrl}/sentences`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    .then((response) => response.json())
    .catch(() => null);
  const parsed = Sentences.safeParse(answer);
  return json(parsed.success ? parsed.data.sentences.slice(0, MOST) : []);
};
