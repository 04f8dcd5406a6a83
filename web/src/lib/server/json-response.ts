import { json } from '@sveltejs/kit';
import type { Answer } from './edge-functions.ts';

/** Hands an edge function's answer to the browser: the value, or `{ message, hint }` with its status. */
export function passOn<T>(answer: Answer<T>): Response {
  const headers = { 'cache-control': 'no-store' };
  if (answer.ok) return json(answer.value, { headers });
  return json({ message: answer.message, hint: answer.hint }, { status: answer.status, headers });
}
