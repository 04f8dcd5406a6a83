import { json } from '@sveltejs/kit';
import type { Result } from './result.ts';

/** Answers the browser with the value of a result, or with `{ message, hint }` and the status of its failure. */
export function jsonResponse<T>(result: Result<T>): Response {
  const headers = { 'cache-control': 'no-store' };
  if (result.ok) return json(result.value, { headers });
  return json({ message: result.message, hint: result.hint }, { status: result.status, headers });
}
