/** Where a redirect may lead that somebody else asked for: a path of our own site. */

/** Stands for our own site, wherever it is. */
const HERE = 'http://here.invalid';

/** Browsers drop tabs and line breaks, and read a backslash as a slash. */
const REWRITTEN = /[\u0000-\u001f\u007f\\]/;
/** The same and slashes, percent-encoded once or more often: a proxy in between may decode them. */
const ENCODED = /%(25)*([01][0-9a-f]|2f|5c|7f)/i;

/**
 * Reads the target of a redirect as a browser does.
 * @param target from a request, a cookie or a form
 * @returns path, query and fragment as a header can carry them; null when it is no path, or may lead to another site
 */
export function localPath(target: string | null): string | null {
  if (!target?.startsWith('/') || REWRITTEN.test(target) || !URL.canParse(target, HERE)) return null;
  const { origin, pathname, search, hash } = new URL(target, HERE);
  const isLocal = origin === HERE && !pathname.startsWith('//') && !ENCODED.test(pathname);
  return isLocal ? pathname + search + hash : null;
}

/** Where to go on after a sign-in, or back to from a form: a path of our own site, else the list of servers. */
export function returnPath(next: string | null): string {
  return localPath(next) ?? '/servers';
}

/**
 * The same for a link in an email, which carries a whole address.
 * @param origin of our own site
 */
export function returnPathOf(address: string | null, origin: string): string {
  if (address === null || !URL.canParse(address)) return returnPath(address);
  const { origin: own, pathname, search } = new URL(address);
  return returnPath(own === origin && pathname !== '/' ? pathname + search : null);
}
