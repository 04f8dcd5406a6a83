// oidc-provider at GitHub's paths, with the two API calls that Auth makes. Any name and password sign in; a user called
// `unverified…` has an email address that GitHub has not verified.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import Provider from 'oidc-provider';
import { noteIssued, noteWhatIsIssuedBy } from './issued.ts';
import { endServer, listenOnLoopback } from './listen.ts';
import { runningStack } from '../running-stack.ts';

export interface GithubServer {
  application: { client_id: string; secret: string; url: string };
  close(): Promise<void>;
}

export const githubEmail = (login: string): string => `${login}@github.example`;

/** GitHub's clients leave out response_type and grant_type, which OAuth requires. */
async function inWordsOfOAuth(request: IncomingMessage): Promise<IncomingMessage> {
  if (request.url?.startsWith('/login/oauth/authorize?')) request.url += '&response_type=code';
  if (request.url !== '/login/oauth/access_token') return request;
  const body = new URLSearchParams(await text(request));
  body.set('grant_type', 'authorization_code');
  return Object.assign(request, { body: Object.fromEntries(body) });
}

export async function startGithubServer(): Promise<GithubServer> {
  const server = createServer();
  const url = await listenOnLoopback(server);
  const application = { client_id: 'patchbay', secret: 'secret-of-the-github-application', url };
  noteIssued('a client secret', application.secret);
  const provider = new Provider(url, {
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    scopes: ['user:email'],
    pkce: { required: () => false },
    routes: { authorization: '/login/oauth/authorize', token: '/login/oauth/access_token' },
    clients: [
      {
        client_id: application.client_id,
        client_secret: application.secret,
        redirect_uris: [`${runningStack().supabase_url}/auth/v1/callback`],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
  });
  noteWhatIsIssuedBy(provider);

  const personOf = async ({ headers }: IncomingMessage): Promise<string | undefined> => {
    const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
    return (await provider.AccessToken.find(token))?.accountId;
  };
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const api = /^\/api\/v3\/(user|user\/emails)$/.exec(request.url ?? '')?.[1];
    if (api === undefined) return void inWordsOfOAuth(request).then((asked) => answer(asked, response));
    void personOf(request).then((login) => {
      response.setHeader('content-type', 'application/json');
      if (login === undefined) return response.writeHead(401).end('{}');
      const id = createHash('sha256').update(login).digest().readUInt32BE();
      const emails = [
        { email: githubEmail(login), verified: !login.startsWith('unverified'), primary: true },
      ];
      return response.end(JSON.stringify(api === 'user' ? { id, login, name: login } : emails));
    });
  });
  return { application, close: () => endServer(server) };
}
