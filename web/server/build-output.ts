import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { compress } from './compression.ts';
import { OutputConfig, routeRequest, type BuildFiles } from './routes.ts';
import { decodePath } from './url-path.ts';

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

/**
 * Serves a build output (Vercel's Build Output API) from web requests.
 * @returns a fetch whose `clientAddress` becomes x-forwarded-for
 */
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
  const files: BuildFiles = {
    hasFile: (name) => kindOf(within('static', name)) === 'file',
    hasFunction: (name) => kindOf(within('functions', `${name}.func`)) === 'folder',
  };

  // Many routes link to few functions, so load each once.
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

  async function respond(request: Request, clientAddress: string): Promise<Response> {
    const path = decodePath(new URL(request.url).pathname);
    if (path === null) return new Response('Bad Request', { status: 400 });
    const outcome = routeRequest(path, config, files);
    if (outcome.kind === 'response') return new Response(null, outcome);
    if (outcome.kind === 'file')
      return serveFile(request, join(root, 'static', outcome.file), outcome.headers);
    const headers = new Headers(request.headers);
    headers.set('x-forwarded-for', clientAddress);
    return (await load(outcome.name)).default.fetch(new Request(request, { headers }));
  }
  return async (request, clientAddress) => compress(request, await respond(request, clientAddress));
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
    // Missing, or an impossible name such as one that is too long.
    return null;
  }
}
