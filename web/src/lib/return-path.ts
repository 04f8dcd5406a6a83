/** Where to go after signing in, or back to from a form: a path of ours only, never another site. */
export function returnPath(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : '/servers';
}
