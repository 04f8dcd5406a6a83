import { env as privateEnv } from '$env/dynamic/private';
import { env as publicEnv } from '$env/dynamic/public';
import { error } from '@sveltejs/kit';
import { AuthMethod } from '@patchbay/shared/schema/server';
import { z } from 'zod';

const optionalText = z.string().trim().min(1).optional().catch(undefined);

const DemoServers = z.array(z.object({ name: z.string(), url: z.string(), auth_method: AuthMethod }));

const Settings = z.object({
  supabaseUrl: z.url(),
  publishableKey: z.string().min(1),
  livekitUrl: optionalText,
  voiceUnavailable: optionalText,
  model: z.enum(['rehearsal', 'openai']).catch('openai'),
  modelUrl: optionalText,
  demoEmail: optionalText,
  demoPassword: optionalText,
  /** Servers to try that run beside a local stack, as JSON. */
  demoServers: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(DemoServers)
    .catch([]),
});
export type Settings = z.infer<typeof Settings>;

let known: Settings | undefined;

/**
 * What the deployment's environment says, read once at run time.
 * @throws the 503 page that names the missing variables
 */
export function settings(): Settings {
  if (known) return known;
  const parsed = Settings.safeParse({
    supabaseUrl: publicEnv.PUBLIC_SUPABASE_URL ?? privateEnv.SUPABASE_URL,
    publishableKey: publicEnv.PUBLIC_SUPABASE_PUBLISHABLE_KEY ?? privateEnv.SUPABASE_PUBLISHABLE_KEY,
    livekitUrl: privateEnv.LIVEKIT_URL,
    voiceUnavailable: privateEnv.PATCHBAY_VOICE_UNAVAILABLE,
    model: privateEnv.PATCHBAY_MODEL,
    modelUrl: privateEnv.OPENAI_BASE_URL,
    demoEmail: privateEnv.PATCHBAY_DEMO_EMAIL,
    demoPassword: privateEnv.PATCHBAY_DEMO_PASSWORD,
    demoServers: privateEnv.PATCHBAY_DEMO_SERVERS,
  });
  if (!parsed.success) {
    // Thrown before any page can be made, so only the message is shown.
    error(
      503,
      'Patchbay is not set up yet: set PUBLIC_SUPABASE_URL and PUBLIC_SUPABASE_PUBLISHABLE_KEY for the web app.',
    );
  }
  known = parsed.data;
  return known;
}
