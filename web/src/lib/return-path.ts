/** Stands for our own site, wherever it is. */
const HERE = 'http://here.invalid';

/**
 * Where to go after signing in, or back to from a form: a path of ours only, never another site. It is read as a browser
 * reads it, which drops tabs and line breaks and takes a backslash for a slash.
 */
export function returnPath(next: string | null): string {
  if (!next?.startsWith('/') || !URL.canParse(next, HERE)) return '/servers';
  const { origin, pathname, search, hash } = new URL(next, HERE);
  return origin === HERE && !pathname.startsWith('//') ? pathname + search + hash : '/servers';
}

/** The same for a link in an email, which carries a whole address. */
export function returnPathOf(address: string | null, origin: string): string {
  if (address === null || !URL.canParse(address)) return returnPath(address);
  const { origin: own, pathname, search } = new URL(address);
  return returnPath(own === origin && pathname !== '/' ? pathname + search : null);
}
