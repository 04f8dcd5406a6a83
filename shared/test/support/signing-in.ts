/** Signing in at the site of a test. */
import { clientIdentity } from '../../src/engine/oauth/client-metadata.ts';
import type { EarlierScopes } from '../../src/engine/oauth/scopes.ts';
import { SignInProblem } from '../../src/engine/oauth/sign-in-problem.ts';
import { beginSignIn, finishSignIn } from '../../src/engine/oauth/sign-in.ts';
import type { SignInOptions } from '../../src/engine/oauth/sign-in-provider.ts';
import { metadataOf, type Replies, type SignInSite } from './sign-in-site.ts';

export const AS = '/.well-known/oauth-authorization-server';
export const RESOURCE = '/.well-known/oauth-protected-resource/mcp';

function optionsFor({ url }: SignInSite, more: Partial<SignInOptions> = {}): SignInOptions {
  const clients = { read: () => Promise.resolve(null), save: () => Promise.resolve() };
  return {
    serverUrl: url,
    identity: clientIdentity('https://page.example'),
    policy: 'local',
    clients,
    ...more,
  };
}

/** Signs in as a user who consents at once. */
export async function signIn(
  site: SignInSite,
  iss: string | null = null,
  more: Partial<SignInOptions> = {},
  earlier: EarlierScopes | null = null,
) {
  const options = optionsFor(site, more);
  const { authorizationUrl, memory } = await beginSignIn(options, 'state', earlier);
  const query = new URLSearchParams({ code: 'x', state: 'state', ...(iss !== null && { iss }) });
  const grant = await finishSignIn(options, memory, query);
  return { grant, asked: new URL(authorizationUrl).searchParams };
}

/** What a sign-in fails with. */
export const problem = (signingIn: Promise<unknown>): Promise<SignInProblem> =>
  signingIn.then(
    () => Promise.reject(new Error('it signed in')),
    (error: unknown) => (error instanceof SignInProblem ? error : Promise.reject(error as Error)),
  );

/** A site whose metadata differ from the usual. */
export const metadata = (change: (origin: string) => object): Replies => ({
  [AS]: (_asked, origin) => ({ body: { ...metadataOf(origin), ...change(origin) } }),
});
