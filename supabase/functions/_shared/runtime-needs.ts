import type { FunctionRuntime } from '../../../shared/src/contract/schema/functions.ts';

interface RuntimeNeed {
  feature: string;
  isThere: () => unknown;
}

const exported = (module: string, name: string) => async () => name in (await import(module));

/** undici alone needs the socket modules. */
const RUNTIME_NEEDS: readonly RuntimeNeed[] = [
  { feature: 'AbortSignal.any', isThere: () => 'any' in AbortSignal },
  { feature: 'Array.prototype.toSorted', isThere: () => 'toSorted' in Array.prototype },
  { feature: 'Promise.withResolvers', isThere: () => 'withResolvers' in Promise },
  { feature: 'Set.prototype.union', isThere: () => 'union' in Set.prototype },
  { feature: 'URL.canParse', isThere: () => 'canParse' in URL },
  {
    feature: 'AsyncLocalStorage of node:async_hooks',
    isThere: exported('node:async_hooks', 'AsyncLocalStorage'),
  },
  { feature: 'lookup of node:dns', isThere: exported('node:dns', 'lookup') },
  { feature: 'connect of node:tls', isThere: exported('node:tls', 'connect') },
];

/** What the functions run on, and what it lacks. */
export async function describeRuntime(needs = RUNTIME_NEEDS): Promise<FunctionRuntime> {
  const found = await Promise.all(
    needs.map(async ({ feature, isThere }) => {
      const isMet = await Promise.resolve()
        .then(isThere)
        .catch(() => false);
      return isMet ? [] : [feature];
    }),
  );
  return { version: Deno.version.deno, lacks: found.flat() };
}
