import type { HttpBindings } from '@hono/node-server';
import { BODY_TOO_LARGE, withBodyLimit } from '@patchbay/shared/engine/outgoing/body-limit';
import { Hono, type Context } from 'hono';
import type { Sql } from 'postgres';
import { z } from 'zod';
import { createAdminApi } from './auth/admin.ts';
import { clientAddress } from './auth/client-address.ts';
import type { AuthConfig } from './auth/config.ts';
import { createInbox } from './auth/inbox.ts';
import { createMailRules } from './auth/mail-rules.ts';
import type { Mailer } from './auth/mailer.ts';
import { createRateLimit } from './auth/rate-limit.ts';
import { noteSession } from './auth/session-facts.ts';
import { decodePath } from '../../web/server/url-path.ts';
import type { Lite } from './lite.ts';
import type { ProjectKeys } from './keys.ts';
import type { Tokens } from './tokens.ts';

export interface GatewayOptions {
  lite: Lite;
  keys: ProjectKeys;
  tokens: Tokens;
  sql: Sql;
  mailer: Mailer;
  authConfig: AuthConfig;
  /** Without a trailing slash. */
  url: string;
  functionsAddress: () => string | undefined;
}

const AuthChange = z.object({
  confirmations: z.boolean().optional(),
  github: z.object({ client_id: z.string(), secret: z.string(), url: z.url() }).nullish(),
});

type Env = { Bindings: HttpBindings };

/** A burst of one address; the configuration has the rate after that. */
const TOKEN_BURST = 30;

const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host', 'content-length'];

/** Serves a Supabase project's `/rest/v1`, `/auth/v1` and `/functions/v1`. Realtime is a WebSocket, see realtime/. */
export function createGateway(options: GatewayOptions): Hono<Env> {
  const gateway = new Hono<Env>();
  const { lite, keys, tokens, sql, mailer, authConfig, url, functionsAddress } = options;
  const rate = { burst: TOKEN_BURST, perSecond: authConfig.tokensPerFiveMinutes / 300 };
  const tokenLimit = createRateLimit(rate, () => performance.now());

  const addressOf = ({ env, req }: Context<Env>): string =>
    clientAddress(req.raw.headers, env.incoming.socket.remoteAddress ?? '', keys.secretKey);

  // As in a hosted project, a malformed path reaches no service.
  gateway.use(async (context, next) => {
    const { pathname, search } = new URL(context.req.url);
    if (decodePath(pathname) !== null && !search.includes('%00')) return next();
    return context.json({ message: 'The address is malformed.' }, 400);
  });

  for (const path of ['/auth/v1/*', '/functions/v1/*'])
    gateway.use(path, async (context, next) => {
      const handle = async (request: Request): Promise<Response> => {
        context.req.raw = request;
        await next();
        return context.res;
      };
      const refuse = (): Response =>
        context.json({ code: 'body_too_large', message: BODY_TOO_LARGE }, 413, {
          'Access-Control-Allow-Origin': '*',
          Connection: 'close',
        });
      // Hono ignores a middleware's result once there is a response.
      const response = await withBodyLimit(context.req.raw, handle, refuse);
      if (response !== context.res) context.res = response;
    });

  gateway.get('/auth/v1/.well-known/jwks.json', (context) => {
    context.header('Access-Control-Allow-Origin', '*');
    context.header('Cache-Control', 'public, max-age=600');
    return context.json(tokens.jwks);
  });

  gateway.get('/auth/v1/.well-known/openid-configuration', (context) => {
    context.header('Access-Control-Allow-Origin', '*');
    return context.json({ issuer: `${url}/auth/v1`, jwks_uri: `${url}/auth/v1/.well-known/jwks.json` });
  });

  gateway.all('/rest/v1/*', async (context) => lite.fetch(await withInnerToken(context.req.raw, tokens)));

  gateway.post('/auth/v1/token', async (context, next) => {
    if (tokenLimit.take(addressOf(context))) return next();
    return context.json(
      { code: 429, error_code: 'over_request_rate_limit', msg: 'Request rate limit reached' },
      429,
    );
  });

  const isConfirming = (): boolean => lite.auth.confirmations;
  gateway.route('/', createMailRules({ sql, keys, tokens, mailer, config: authConfig, isConfirming }));
  gateway.route('/', createAdminApi({ sql, keys, tokens }));
  gateway.route('/', createInbox(mailer.outbox));
  // For tests, which enable settings that a local stack doesn't use.
  gateway.patch('/local/auth', async (context) => {
    if (context.req.header('apikey') !== keys.secretKey) return context.body(null, 401);
    lite.auth = { ...lite.auth, ...AuthChange.parse(await context.req.json()) };
    return context.body(null, 204);
  });

  gateway.all('/auth/v1/*', async (context) => {
    const response = await lite.fetch(await withInnerToken(context.req.raw, tokens));
    await noteSession(sql, response, context.req.raw, addressOf(context));
    return withOuterTokens(response, tokens, `${url}/auth/v1`);
  });

  gateway.all('/functions/v1/*', async (context) => {
    const address = functionsAddress();
    if (address === undefined) return functionsUnavailable();
    const { pathname, search } = new URL(context.req.url);
    const headers = new Headers(context.req.raw.headers);
    for (const name of HOP_BY_HOP) headers.delete(name);
    const forwarded = new URL(url);
    headers.set('x-forwarded-host', forwarded.host);
    headers.set('x-forwarded-proto', forwarded.protocol.slice(0, -1));
    try {
      const hasBody = context.req.method !== 'GET' && context.req.method !== 'HEAD';
      const response = await fetch(address + pathname.slice('/functions/v1'.length) + search, {
        method: context.req.method,
        headers,
        ...(hasBody ? { body: context.req.raw.body, duplex: 'half' as const } : {}),
        redirect: 'manual',
        signal: context.req.raw.signal,
      });
      const answer = new Headers(response.headers);
      // fetch has already decompressed the body.
      for (const name of [...HOP_BY_HOP, 'content-encoding']) answer.delete(name);
      return new Response(response.body, { status: response.status, headers: answer });
    } catch {
      return functionsUnavailable();
    }
  });

  gateway.get('/health', (context) => context.json({ ok: true, publishable_key: keys.publishableKey }));
  gateway.notFound((context) => context.json({ message: 'no Route matched with those values' }, 404));
  return gateway;
}

function functionsUnavailable(): Response {
  return Response.json(
    { code: 'BOOT_ERROR', message: 'Function failed to start (please check logs)' },
    { status: 503, headers: { 'Access-Control-Allow-Origin': '*' } },
  );
}

/** Forwards any other token unchanged, so that the service itself refuses it. */
async function withInnerToken(request: Request, tokens: Tokens): Promise<Request> {
  const token = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
  const inner = token?.startsWith('ey') ? await tokens.toInner(token) : null;
  if (inner === null) return request;
  const headers = new Headers(request.headers);
  headers.set('authorization', `Bearer ${inner}`);
  return new Request(request.url, {
    method: request.method,
    headers,
    ...(request.body ? { body: request.body, duplex: 'half' as const } : {}),
    signal: request.signal,
  });
}

/** Re-signs a session's access token in a JSON body, or in the fragment of a redirect (emailed links). */
async function withOuterTokens(response: Response, tokens: Tokens, issuer: string): Promise<Response> {
  const location = response.headers.get('location');
  const [target, fragment] = location?.split('#') ?? [];
  const parameters = new URLSearchParams(fragment);
  const redirected = parameters.get('access_token');
  if (target !== undefined && redirected !== null) {
    parameters.set('access_token', await tokens.toOuter(redirected, { iss: issuer, aal: 'aal1' }));
    const headers = new Headers(response.headers);
    headers.set('location', `${target}#${parameters.toString()}`);
    return new Response(null, { status: response.status, headers });
  }
  if (!response.headers.get('content-type')?.includes('application/json')) return response;
  const text = await response.text();
  const body = parseObject(text) as Session;
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  if (typeof body.access_token !== 'string')
    return new Response(text || null, { status: response.status, headers });
  body.access_token = await tokens.toOuter(body.access_token, {
    iss: issuer,
    aal: 'aal1',
    phone: body.user?.phone ?? '',
    app_metadata: body.user?.app_metadata ?? {},
    user_metadata: body.user?.user_metadata ?? {},
    is_anonymous: false,
  });
  return new Response(JSON.stringify(body), { status: response.status, headers });
}

interface Session {
  access_token?: unknown;
  user?: { phone?: string; app_metadata?: Record<string, unknown>; user_metadata?: Record<string, unknown> };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
