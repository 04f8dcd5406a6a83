/**
 * Serves what `vite build` makes for Vercel (web/.vercel/output) on loopback, so that the very artefact that is
 * deployed is the one that runs and is tested here.
 *   node local/stack/web-runner.ts <folder of the output> <port>
 * In the image of web/Dockerfile it listens where PATCHBAY_PAGE_HOST says, and PATCHBAY_WEB_URL is the address that
 * people know: behind a proxy that ends TLS, requests come by another one.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { BODY_TOO_LARGE, withBodyLimit } from '@patchbay/shared/engine/outgoing/body-limit';
import { z } from 'zod';
import { decodePath } from './url-path.ts';
import { compress } from './web-compression.ts';
import { OutputConfig, routeRequest, type Artefacts } from './web-routes.ts';

/** How long a client may take to send the headers, and the whole of a request. */
const PATIENCE = { headersTimeout: 15_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 };

const CONTENT_TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml',
};

const FunctionConfig = z.object({ handler: z.string() });
interface FunctionModule {
  default: { fetch(request: Request): Promise<Response> };
}

/** Makes the web fetch of an output folder. `clientAddress` is what the functions read as x-forwarded-for. */
export function createOutputServer(
  folder: string,
): (request: Request, clientAddress: string) => Promise<Response> {
  const root = resolve(folder);
  const config = OutputConfig.parse(JSON.parse(readFileSync(join(root, 'config.json'), 'utf8')));
  const modules = new Map<string, Promise<FunctionModule>>();

  const within = (area: string, name: string): string | null => {
    const file = resolve(root, area, name);
    return file.startsWith(join(root, area) + sep) ? file : null;
  };
  const artefacts: Artefacts = {
    hasFile: (name) => kindOf(within('static', name)) === 'file',
    hasFunction: (name) => kindOf(within('functions', `${name}.func`)) === 'folder',
  };

  // Routes are links to few functions: each is loaded once.
  async function load(name: string): Promise<FunctionModule> {
    const home = await realpath(join(root, 'functions', `${name}.func`));
    const known = modules.get(home);
    if (known) return known;
    const { handler } = FunctionConfig.parse(
      JSON.parse(await readFile(join(home, '.vc-config.json'), 'utf8')),
    );
    const loading = import(pathToFileURL(join(home, handler)).href) as Promise<FunctionModule>;
    modules.set(home, loading);
    return loading;
  }

  async function answer(request: Request, clientAddress: string): Promise<Response> {
    const path = decodePath(new URL(request.url).pathname);
    if (path === null) return new Response('Bad Request', { status: 400 });
    const outcome = routeRequest(path, config, artefacts);
    if (outcome.kind === 'answer') return new Response(null, outcome);
    if (outcome.kind === 'file')
      return serveFile(request, join(root, 'static', outcome.file), outcome.headers);
    const headers = new Headers(request.headers);
    headers.set('x-forwarded-for', clientAddress);
    return (await load(outcome.name)).default.fetch(new Request(request, { headers }));
  }
  return async (request, clientAddress) => compress(request, await answer(request, clientAddress));
}

async function serveFile(request: Request, file: string, headers: Record<string, string>): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return new Response(null, { status: 405 });
  const content = await readFile(file);
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  const all = new Headers({
    'content-type': CONTENT_TYPES[extname(file)] ?? 'application/octet-stream',
    'cache-control': 'public, max-age=0, must-revalidate',
    etag,
    ...headers,
  });
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: all });
  return new Response(request.method === 'HEAD' ? null : content, { headers: all });
}

function kindOf(path: string | null): 'file' | 'folder' | null {
  if (path === null) return null;
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    // Not there, or a name that no file can have, such as one that is too long.
    return null;
  }
}

/**
 * The address of a request as people know it, whatever its `Host` says. A path that begins with two slashes names no
 * other site: SvelteKit judges by the address whether a form came from its own pages.
 */
export function knownAddress(requested: string, known: string): URL {
  const { pathname, search } = new URL(requested);
  return Object.assign(new URL(known), { pathname, search });
}

/** The page's own forms read their answers as JSON (SvelteKit's `ActionResult`). */
function refuseBody(request: Request): Response {
  const isAction = request.headers.get('x-sveltekit-action') === 'true';
  const result = { type: 'error', error: { message: BODY_TOO_LARGE } };
  // The rest of the body is not read.
  const head = { status: 413, headers: { connection: 'close' } };
  return isAction ? Response.json(result, head) : new Response(BODY_TOO_LARGE, head);
}

/**
 * The HTTP server of an output folder, not listening yet. Slow clients are cut off, and large bodies refused.
 * @param known the address that people know, where it is another than that of the requests
 */
export function createPageServer(folder: string, known?: string): Server {
  const serve = createOutputServer(folder);
  const listener = getRequestListener((request, env) => {
    const { incoming } = env as { incoming: IncomingMessage };
    const asKnown = known ? new Request(knownAddress(request.url, known), request) : request;
    const address = incoming.socket.remoteAddress ?? '127.0.0.1';
    return withBodyLimit(
      asKnown,
      (limited) => serve(limited, address),
      () => refuseBody(asKnown),
    );
  });
  return createServer(PATIENCE, (incoming, outgoing) => void listener(incoming, outgoing));
}

if (import.meta.main) {
  const [folder = '', port = ''] = process.argv.slice(2);
  const { PATCHBAY_PAGE_HOST: host = '127.0.0.1', PATCHBAY_WEB_URL: known } = process.env;
  const server = createPageServer(folder, known);
  server.listen(Number(port), host, () => console.log(`serving ${folder} on http://${host}:${port}`));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
}
