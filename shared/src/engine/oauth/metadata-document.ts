/**
 * Metadata of protected resources (RFC 9728) and authorization servers (RFC 8414, OpenID Connect Discovery) as the SDK's
 * schemas want it: one member that is null, of the wrong type or missing a default must not cost the sign-in.
 */
import { SignInProblem } from './sign-in-problem.ts';

type Members = Record<string, unknown>;

/** Members named `…_supported` and others that are no lists. */
const BOOLEANS: ReadonlySet<string> = new Set([
  'authorization_response_iss_parameter_supported',
  'claims_parameter_supported',
  'client_id_metadata_document_supported',
  'dpop_bound_access_tokens_required',
  'request_parameter_supported',
  'request_uri_parameter_supported',
  'require_request_uri_registration',
  'tls_client_certificate_bound_access_tokens',
]);
const LIST = /_supported$|^authorization_servers$/;
const ADDRESS = /_endpoint$|_uri$|^(service|resource)_documentation$/;
const WELL_KNOWN =
  /\/\.well-known\/(oauth-protected-resource|oauth-authorization-server|openid-configuration)/;

/**
 * @param document as parsed; anything
 * @param url where it was found
 * @returns null when this is no such metadata
 * @throws SignInProblem `sign_in_bad_response` when it is, and lacks what nobody can guess
 */
export function normalizeMetadata(document: unknown, url: URL): Members | null {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return null;
  const members = Object.fromEntries(
    Object.entries(document).flatMap(([name, value]) => {
      const kept = memberOf(name, value, url);
      return kept === undefined ? [] : [[name, kept] as const];
    }),
  );
  if ('resource' in members || 'authorization_servers' in members)
    return { resource: placeOfWellKnown(url) ?? url.origin, ...members };
  if ('issuer' in members || 'token_endpoint' in members || 'authorization_endpoint' in members)
    return withDefaults(members, url);
  return null;
}

function memberOf(name: string, value: unknown, url: URL): unknown {
  if (value === null) return undefined;
  if (BOOLEANS.has(name)) return typeof value === 'boolean' ? value : undefined;
  // An empty list is a refusal of PKCE, and no list none.
  if (name === 'code_challenge_methods_supported' && Array.isArray(value)) return listOf(value) ?? [];
  if (LIST.test(name)) return listOf(value);
  if (ADDRESS.test(name)) return addressOf(value, url);
  if (name === 'issuer' || name === 'resource') return typeof value === 'string' ? value : undefined;
  return value;
}

function listOf(value: unknown): string[] | undefined {
  const items: unknown[] =
    typeof value === 'string' ? value.split(/[\s,]+/) : Array.isArray(value) ? value : [];
  const texts = items.filter((item) => typeof item === 'string' && item !== '') as string[];
  return texts.length > 0 ? texts : undefined;
}

/** Some servers write paths of their own host. */
function addressOf(value: unknown, url: URL): string | undefined {
  if (typeof value !== 'string' || value === '' || !URL.canParse(value, url.href)) return undefined;
  const { protocol, href } = new URL(value, url);
  return protocol === 'https:' || protocol === 'http:' ? (URL.canParse(value) ? value : href) : undefined;
}

function withDefaults(members: Members, url: URL): Members {
  for (const name of ['authorization_endpoint', 'token_endpoint'])
    if (!(name in members))
      throw new SignInProblem('sign_in_bad_response', `Its metadata at ${url.origin} has no ${name}.`);
  const issuer = members['issuer'] ?? placeOfWellKnown(url) ?? url.origin;
  return {
    // What only ID tokens need, which are not used here, and the SDK's schema for OpenID Connect requires.
    jwks_uri: url.origin,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code'],
    ...members,
    issuer,
  };
}

/** What a well-known address describes: the address without that part of its path. */
function placeOfWellKnown({ origin, pathname }: URL): string | null {
  if (!WELL_KNOWN.test(pathname)) return null;
  return origin + pathname.replace(WELL_KNOWN, '').replace(/\/$/, '');
}
