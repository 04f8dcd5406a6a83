/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Whether a request that may change something was made by one of our own pages. Cookies come with requests of other
 * sites too, whatever their method and content type, and SvelteKit checks the types of forms only. Browsers send `Origin`
 * with every unsafe method; where a proxy removed it, `Sec-Fetch-Site` says the same.
 * @param origin of our own site
 */
export function isOwnRequest({ method, headers }: Request, origin: string): boolean {
  if (SAFE.has(method)) return true;
  const from = headers.get('origin');
  return from === null ? headers.get('sec-fetch-site') === 'same-origin' : from === origin;
}
