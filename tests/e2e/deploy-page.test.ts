import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { startTraceCollector } from '@patchbay/shared/testing/trace-collector';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../ops/deploy/dockerfile.ts';
import { runTool } from '../../local/processes/tool.ts';
import { buildWeb } from '../../local/stack/web-build.ts';
import { startWatchdog } from '../../local/processes/watchdog.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A cookie with an access token that has to be refreshed first. */
function expiredSession(): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) - 10;
  const access_token = `${encode({ alg: 'ES256', kid: 'k' })}.${encode({ sub: 'somebody', exp })}.signature`;
  const rest = { refresh_token: 'refresh', expires_at: exp, expires_in: 3600, token_type: 'bearer' };
  return `base64-${encode({ access_token, ...rest, user: { id: 'somebody' } })}`;
}

describe.runIf(hasStack)('the page as it is deployed', () => {
  let folder: string;
  let production: Server;
  let productionUrl: string;
  let asked: string[];
  let headersOfAuth: IncomingHttpHeaders | undefined;
  let answer: { status: number; body: unknown };
  let page: ChildProcess | undefined;

  beforeAll(async () => {
    // The stack serves the page, so it has been built.
    const watchdog = startWatchdog();
    folder = await buildWeb({ root: ROOT, say: console.log, signal: AbortSignal.timeout(100_000), watchdog });
    await watchdog.close();
    production = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url?.startsWith('/auth/')) headersOfAuth = request.headers;
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    }).listen(0, '127.0.0.1');
    await once(production, 'listening');
    productionUrl = `http://127.0.0.1:${(production.address() as AddressInfo).port}`;
  });
  afterEach(() => void page?.kill('SIGKILL'));
  afterAll(() => {
    production?.close().closeAllConnections();
  });

  async function serve(
    env: Record<string, string>,
    runner = join(ROOT, 'web/server/main.ts'),
  ): Promise<{ url: string; log: () => string }> {
    asked = [];
    answer = { status: 200, body: {} };
    const port = await getPort({ host: '127.0.0.1' });
    page = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', runner, folder, String(port)], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let written = '';
    for (const stream of [page.stdout, page.stderr])
      stream?.on('data', (data: Buffer) => (written += data.toString()));
    await expect.poll(() => written).toContain('serving');
    return { url: `http://127.0.0.1:${port}`, log: () => written };
  }

  it('runs on the Node and in the region that it was built for', () => {
    const files = globSync('functions/**/.vc-config.json', { cwd: folder });
    expect(files).not.toEqual([]);
    for (const file of files) {
      const config: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      expect(config).toMatchObject({ runtime: 'nodejs24.x', regions: ['fra1'] });
    }
  });

  it('talks to what its environment names', async () => {
    const stack = runningStack();
    const { url } = await serve({
      PUBLIC_SUPABASE_URL: stack.supabase_url,
      PUBLIC_SUPABASE_PUBLISHABLE_KEY: stack.publishable_key,
      LIVEKIT_URL: stack.livekit_url,
      VERCEL_ENV: 'production',
    });
    const answer = await fetch(`${url}/sign-in`);
    expect(answer.status).toBe(200);
    const policy = answer.headers.get('content-security-policy');
    for (const address of [stack.supabase_url, stack.livekit_url])
      expect(policy).toContain(new URL(address).host);
  });

  it('names what is missing, in the log as in the page', async () => {
    const { url, log } = await serve({ PUBLIC_SUPABASE_URL: productionUrl });
    const answer = await fetch(`${url}/sign-in`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('Set PUBLIC_SUPABASE_PUBLISHABLE_KEY for the web app');
    expect(log()).toContain('Set PUBLIC_SUPABASE_PUBLISHABLE_KEY');
  });

  it('as a preview leaves production alone, and says what it lacks', async () => {
    const { url } = await serve({
      PUBLIC_SUPABASE_URL: productionUrl,
      PUBLIC_SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_production',
      VERCEL_ENV: 'preview',
    });
    for (const path of ['/sign-in', '/servers', '/api/access-token']) {
      const answer = await fetch(url + path, { redirect: 'manual' });
      expect(answer.status, path).toBe(503);
      expect(await answer.text()).toContain('Set PREVIEW_SUPABASE_URL and PREVIEW_SUPABASE_PUBLISHABLE_KEY');
    }
    expect(asked).toEqual([]);
  });

  it('signs nobody out while Auth limits requests, and tells Auth the address of the client', async () => {
    const { url } = await serve({
      PUBLIC_SUPABASE_URL: productionUrl,
      PUBLIC_SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_production',
      PATCHBAY_CLIENT_IP_KEY: 'sb_secret_forwarding',
    });
    const cookie = `sb-127-auth-token=${expiredSession()}`;
    const headers = { cookie, origin: url, 'x-forwarded-for': '203.0.113.9' };
    const ask = (path: string, method = 'GET'): Promise<Response> =>
      fetch(url + path, { method, headers, redirect: 'manual' });

    answer = { status: 429, body: { code: 429, error_code: 'over_request_rate_limit', msg: 'limit' } };
    for (const path of ['/servers', '/api/access-token']) {
      const page = await ask(path);
      expect(page.status, path).toBe(503);
      expect(await page.text()).toContain('re still signed in');
      expect(page.headers.getSetCookie()).toEqual([]);
    }
    expect(headersOfAuth).toMatchObject({ apikey: 'sb_secret_forwarding', 'sb-forwarded-for': '127.0.0.1' });
    const out = await ask('/sign-out', 'POST');
    expect(out.headers.get('location')).toBe('/sign-in');
    expect(out.headers.getSetCookie().join()).toContain('sb-127-auth-token=;');

    answer = { status: 400, body: { code: 400, error_code: 'refresh_token_not_found', msg: 'gone' } };
    const ended = await ask('/servers');
    expect(ended.headers.get('location')).toBe('/sign-in?next=%2Fservers');
    expect(ended.headers.getSetCookie().join()).toContain('sb-127-auth-token=;');
  });

  it('tells of its requests where its environment names a receiver, and of none of their words', async () => {
    const stack = runningStack();
    const collector = await startTraceCollector();
    try {
      const { url } = await serve({
        PUBLIC_SUPABASE_URL: stack.supabase_url,
        PUBLIC_SUPABASE_PUBLISHABLE_KEY: stack.publishable_key,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '100',
      });
      const [traceId, parentSpanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
      const headers = { traceparent: `00-${traceId}-${parentSpanId}-01`, cookie: 'theme=canary' };
      await fetch(`${url}/invitations/canary?next=canary`, { headers, redirect: 'manual' });
      await expect
        .poll(() => collector.spans, { timeout: 5_000 })
        .toMatchObject([{ name: 'GET /(app)/invitations/[token]', traceId, parentSpanId }]);
      expect(collector.raw()).not.toContain('canary');
    } finally {
      await collector.close();
    }
  });

  it('is served by one file in the image of web/Dockerfile, at the address that people know', async () => {
    const [build] = parseDockerfile(readFileSync(join(ROOT, 'web/Dockerfile'), 'utf8'));
    expect(build?.instructions.map(({ text }) => text)).toContain('npm run build:server --workspace web');
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'web/package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const home = mkdtempSync(join(tmpdir(), 'patchbay-page-'));
    const file = join(home, 'server.mjs');
    const [tool = '', ...args] = (scripts['build:server'] ?? '').replace('build/server.mjs', file).split(' ');
    try {
      const { code, output } = await runTool({
        command: join(ROOT, 'node_modules/.bin', tool),
        args,
        cwd: join(ROOT, 'web'),
      });
      expect(code, output).toBe(0);
      const stack = runningStack();
      const { url } = await serve(
        {
          SUPABASE_URL: stack.supabase_url,
          SUPABASE_PUBLISHABLE_KEY: stack.publishable_key,
          PATCHBAY_WEB_URL: 'https://patchbay.example',
        },
        file,
      );
      const answer = await fetch(`${url}/sign-in`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('strict-transport-security')).toContain('max-age');
      // Forms are accepted only from the page's own address.
      const send = (origin: string): Promise<Response> =>
        fetch(`${url}/sign-in?/signIn`, {
          method: 'POST',
          headers: { origin, accept: 'application/json' },
          body: new URLSearchParams({ email: 'nobody' }),
        });
      expect((await send(url)).status).toBe(403);
      expect(await (await send('https://patchbay.example')).text()).toContain('Enter a valid email address');
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});
