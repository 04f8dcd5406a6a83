/** Which requests come from this machine. Imports nothing: the edge functions' host, in Deno, uses it too. */

const NAME = String.raw`(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?`;
const HOST = new RegExp(`^${NAME}$`, 'i');
const ORIGIN = new RegExp(`^https?://${NAME}$`, 'i');

/** What a refused caller is told. */
export const REFUSAL =
  'This part of a local Patchbay takes requests from this machine only: open it as http://127.0.0.1 or http://localhost.\n';

/**
 * Whether a request is addressed to this machine by a name that only this machine has, and made by a page of this
 * machine or by no page. Against DNS rebinding: the page of another site whose name has come to mean 127.0.0.1 sends
 * that name as `Host`, and its own as `Origin`.
 * @param host the header; without one nothing is known, so that is false
 * @param origin the header; programs send none. `null` is a page that hides where it comes from
 */
export function isFromThisMachine(
  host: string | null | undefined,
  origin: string | null | undefined,
): boolean {
  if (host == null || !HOST.test(host)) return false;
  return origin == null || ORIGIN.test(origin);
}
