import { json } from '@sveltejs/kit';
import type { Result } from './result.ts';

/** The JSON response for a result: the value, or `{ message, hint }` with the status of the failure. */
export function jsonResponse<T>(result: Result<T>): Response {
  const headers = { 'cache-control': 'no-store' };
  if (result.ok) return json(result.value, { headers });
  return json({ message: result.message, hint: result.hint }, { status: result.status, headers });
}
