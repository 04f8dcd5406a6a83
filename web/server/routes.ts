import { z } from 'zod';

const Route = z.object({
  src: z.string().optional(),
  dest: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  status: z.number().optional(),
  continue: z.boolean().optional(),
  handle: z.string().optional(),
});

/** `config.json` of Vercel's Build Output API (version 3), as far as SvelteKit's adapter uses it. */
export const OutputConfig = z.object({
  version: z.literal(3),
  routes: z.array(Route).default([]),
  overrides: z.record(z.string(), z.object({ path: z.string().optional() })).default({}),
});
export type OutputConfig = z.infer<typeof OutputConfig>;

export type Outcome =
  | { kind: 'file'; file: string; headers: Record<string, string> }
  | { kind: 'function'; name: string; headers: Record<string, string> }
  | { kind: 'response'; status: number; headers: Record<string, string> };

export interface BuildFiles {
  hasFile: (path: string) => boolean;
  hasFunction: (name: string) => boolean;
}

/**
 * Walks the routes as Vercel does: rules before `handle: filesystem`, then files, then the rules after it.
 * @param pathname decoded path of the request
 * @returns what to do with a request; 404 if nothing matches
 */
export function routeRequest(pathname: string, config: OutputConfig, files: BuildFiles): Outcome {
  let path = pathname;
  const headers: Record<string, string> = {};
  for (const route of config.routes) {
    if (route.handle) {
      if (route.handle !== 'filesystem') break;
      const found = findFile(path, config, files);
      if (found) return { ...found, headers };
      continue;
    }
    if (!route.src || !new RegExp(`^(?:${route.src})$`).test(path)) continue;
    Object.assign(headers, lowerCaseNames(route.headers ?? {}));
    if (route.status !== undefined && route.status >= 300)
      return { kind: 'response', status: route.status, headers };
    if (route.dest !== undefined) {
      path = route.dest.split('?')[0] ?? '';
      const found = findFile(path, config, files);
      if (found) return { ...found, headers };
    }
  }
  return { kind: 'response', status: 404, headers: {} };
}

function findFile(
  path: string,
  config: OutputConfig,
  { hasFile, hasFunction }: BuildFiles,
): { kind: 'file'; file: string } | { kind: 'function'; name: string } | null {
  const name = path.replace(/^\//, '');
  const override = Object.entries(config.overrides).find(([, entry]) => entry.path === name);
  if (override) return { kind: 'file', file: override[0] };
  if (name !== '' && hasFile(name)) return { kind: 'file', file: name };
  const functionName = name === '' ? 'index' : name;
  return hasFunction(functionName) ? { kind: 'function', name: functionName } : null;
}

function lowerCaseNames(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
