import { z } from 'zod';

const NAMES = { github: 'GitHub', google: 'Google' } as const;
type ProviderId = keyof typeof NAMES;
export interface Provider {
  id: ProviderId;
  name: string;
}

const IsEnabled = z.boolean().catch(false);
const Settings = z.object({ external: z.object({ github: IsEnabled, google: IsEnabled }) });

const FRESH_MS = 15_000;
const TIMEOUT_MS = 2_000;

interface Project {
  supabaseUrl: string;
  publishableKey: string;
}

/**
 * Creates a cached list of the providers that Auth has enabled. It asks Auth at most every 15 s; if Auth does not
 * answer, the last list counts.
 * @param now milliseconds
 */
export function createProviderList(send: typeof fetch, now: () => number) {
  let known: { askedAt: number; providers: Provider[] } | undefined;
  return async ({ supabaseUrl, publishableKey }: Project): Promise<Provider[]> => {
    if (known && now() - known.askedAt < FRESH_MS) return known.providers;
    known = { askedAt: now(), providers: known?.providers ?? [] };
    try {
      const init = { headers: { apikey: publishableKey }, signal: AbortSignal.timeout(TIMEOUT_MS) };
      const response = await send(`${supabaseUrl}/auth/v1/settings`, init);
      const { external } = Settings.parse(await response.json());
      const ids = Object.keys(NAMES) as ProviderId[];
      known.providers = ids.filter((id) => external[id]).map((id) => ({ id, name: NAMES[id] }));
    } catch {
      // Signing in by email works without them.
    }
    return known.providers;
  };
}

export const enabledProviders = createProviderList(fetch, () => performance.now());
