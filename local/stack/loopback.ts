/** Imports nothing, because the edge functions' host uses it in Deno. */

const NAME = String.raw`(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?`;
const HOST = new RegExp(`^${NAME}$`, 'i');
const ORIGIN = new RegExp(`^https?://${NAME}$`, 'i');

/** The body of the 403 response. */
export const REFUSAL =
  'A local Patchbay accepts requests from this machine only. Open it as http://127.0.0.1 or http://localhost.\n';

/**
 * Whether a request uses a loopback name, and comes from a page of this machine or from no page. Prevents DNS rebinding:
 * a page of another site whose name now resolves to 127.0.0.1 sends that name as `Host`, and its own as `Origin`.
 * @param host the header; a request without it is refused
 * @param origin the header; programs send none, and `null` is a page that hides its origin
 */
export function isFromThisMachine(
  host: string | null | undefined,
  origin: string | null | undefined,
): boolean {
  if (host == null || !HOST.test(host)) return false;
  return origin == null || ORIGIN.test(origin);
}
