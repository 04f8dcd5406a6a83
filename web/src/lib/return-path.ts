/** Where to go after signing in, or back to from a form: a path of ours only, never another site. */
export function returnPath(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : '/servers';
}

/** The same for a link in an email, which carries a whole address. */
export function returnPathOf(address: string | null, origin: string): string {
  if (address === null || !URL.canParse(address)) return returnPath(address);
  const { origin: own, pathname, search } = new URL(address);
  return returnPath(own === origin && pathname !== '/' ? pathname + search : null);
}
