import type { TokenScope } from '../../../shared/src/contract/schema/api-token.ts';
import { refuse, send } from '../_shared/answer.ts';

export interface RestDeps {
  projectUrl: string;
  publishableKey: string;
  fetch: (request: Request) => Promise<Response>;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'];
/** `/rest/<table>` or `/rest/rpc/<function>`; PostgREST has the same below `/rest/v1`. */
const RESOURCE = /^\/rest\/((?:rpc\/)?[a-z_]+)$/;
const SENT = ['accept', 'content-type', 'prefer', 'range', 'range-unit'];
const ANSWERED = ['content-type', 'content-range', 'location', 'preference-applied', 'retry-after'];

/**
 * REST with an API token: hands a request on to PostgREST. `withApiTokens` has put the JWT in place of the token;
 * what it opens is for the database to say.
 */
export async function handle(request: Request, deps: RestDeps): Promise<Response> {
  if (!request.headers.get('authorization')?.startsWith('Bearer ey'))
    return send(
      refuse(401, 'token_missing', 'Send an API token of a workspace: Authorization: Bearer patchbay_….'),
    );
  if (!METHODS.includes(request.method)) {
    const refusal = refuse(405, 'method_not_allowed', `Use one of these methods: ${METHODS.join(', ')}.`);
    return send({ ...refusal, headers: { allow: METHODS.join(', ') } });
  }
  const { pathname, search } = new URL(request.url);
  const resource = RESOURCE.exec(pathname)?.[1];
  if (!resource) return send(refuse(404, 'not_found', 'There is nothing at this address.'));

  const headers = pick(request.headers, [...SENT, 'authorization']);
  headers.set('apikey', deps.publishableKey);
  const target = `${deps.projectUrl}/rest/v1/${resource}${search}`;
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD' && request.body !== null;
  const answer = await deps.fetch(
    new Request(target, {
      method: request.method,
      headers,
      // Buffered, because a stream could not be sent again over a new connection.
      ...(hasBody ? { body: await request.arrayBuffer() } : {}),
      signal: request.signal,
    }),
  );
  return new Response(answer.body, { status: answer.status, headers: pick(answer.headers, ANSWERED) });
}

const READING = ['rpc/server_history'];

/** The scope that a request needs: without it the caller gets an error instead of no rows to change. */
export function scopeOf(request: Request): TokenScope | null {
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  const resource = RESOURCE.exec(new URL(request.url).pathname)?.[1] ?? '';
  if (READING.includes(resource)) return null;
  return resource.startsWith('agent_') ? 'agents:write' : 'servers:write';
}

function pick(from: Headers, names: readonly string[]): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) picked.set(name, value);
  }
  return picked;
}
