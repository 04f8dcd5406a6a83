/** Issuers that an owner or admin accepted for one server, although they differ. */
export interface AcceptedIssuer {
  /** What the server names as its authorization server. */
  expected: string;
  /** What the metadata found there claims to be. */
  issuer: string;
}

/**
 * Whether two issuers are one and the same address. RFC 8414, section 3.3 wants them identical; real servers add or
 * leave out a slash at the end, a default port or a capital letter of the host, none of which leads anywhere else.
 */
export function isSameIssuer(a: string, b: string): boolean {
  return a === b || (URL.canParse(a) && URL.canParse(b) && withoutSlash(a) === withoutSlash(b));
}

function withoutSlash(issuer: string): string {
  return new URL(issuer).href.replace(/\/$/, '');
}
