/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Whether a request that may change something comes from our own pages. Browsers send cookies with other sites'
 * requests too, and SvelteKit checks only the content types of forms. Browsers send `Origin` with every unsafe method;
 * if a proxy removed it, `Sec-Fetch-Site` says the same.
 */
export function isOwnRequest({ method, headers }: Request, origin: string): boolean {
  if (SAFE.has(method)) return true;
  const from = headers.get('origin');
  return from === null ? headers.get('sec-fetch-site') === 'same-origin' : from === origin;
}
