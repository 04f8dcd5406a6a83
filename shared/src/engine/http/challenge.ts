/** What a server says about signing in when it refuses a request (RFC 6750, section 3; RFC 9728, section 5.1). */
export interface Challenge {
  /** Such as `invalid_token` or `insufficient_scope`. */
  error: string | null;
  /** The scopes that the request needs, separated by spaces. */
  scope: string | null;
  /** Where the metadata of the protected resource is. */
  resourceMetadataUrl: URL | null;
}

/**
 * Reads `WWW-Authenticate`, under whatever scheme the parameters stand.
 * @param url of the request; a relative metadata address counts from there
 */
export function readChallenge(headers: Headers, url: string | URL): Challenge {
  const text = headers.get('www-authenticate') ?? '';
  const metadata = parameter(text, 'resource_metadata');
  return {
    error: parameter(text, 'error'),
    scope: parameter(text, 'scope'),
    resourceMetadataUrl:
      metadata !== null && URL.canParse(metadata, String(url)) ? new URL(metadata, url) : null,
  };
}

/** @returns the value of an `auth-param` (RFC 9110, section 11.2), quoted or not; null when it is missing or empty */
function parameter(header: string, name: string): string | null {
  const pattern = new RegExp(String.raw`(?:^|[\s,])${name}\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))`, 'i');
  const [, quoted, plain] = pattern.exec(header) ?? [];
  return (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain)?.trim() || null;
}
