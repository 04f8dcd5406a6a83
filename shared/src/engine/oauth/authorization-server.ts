/** What metadata of an authorization server may say: they come from whoever runs the MCP server. */
import { checkUrl, type AddressPolicy } from '../outgoing/address-policy.ts';
import { SignInProblem } from './sign-in-problem.ts';

/**
 * Checks every endpoint as an address that a user types is checked: https, or http where the policy allows it, without
 * a login, and none of a network that is closed to Patchbay.
 * @param metadata null or undefined where the authorization server has none
 * @throws SignInProblem `sign_in_bad_response` that names the endpoint
 */
export function checkEndpoints(metadata: object | null | undefined, policy: AddressPolicy): void {
  for (const [name, value] of Object.entries(metadata ?? {}))
    if (name.endsWith('_endpoint')) checkEndpoint(name, String(value), policy);
}

/** @throws SignInProblem as `checkEndpoints` does */
export function checkEndpoint(name: string, address: string, policy: AddressPolicy): void {
  try {
    checkUrl(address, policy);
  } catch (cause) {
    const detail = `Its ${name} is an address that Patchbay isn't allowed to use. It must be an https address on the public internet, without a user name or password.`;
    throw new SignInProblem('sign_in_bad_response', detail, { cause });
  }
}

/**
 * Refuses an authorization server whose metadata list challenge methods without S256. The MCP specification (2025-11-25,
 * "Authorization Code Protection") also wants a refusal where the list is absent; services that support S256 without
 * listing it (Microsoft Entra ID) are common, and the challenge is sent in any case.
 * @throws SignInProblem `sign_in_unsupported`
 */
export function requirePkce(metadata: { code_challenge_methods_supported?: unknown } | undefined): void {
  const methods = metadata?.code_challenge_methods_supported;
  if (methods === undefined || (Array.isArray(methods) && methods.includes('S256'))) return;
  const message = "It doesn't support PKCE with S256, so someone else could use its response.";
  throw new SignInProblem('sign_in_unsupported', message);
}
