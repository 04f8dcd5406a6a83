import { AuthMethod } from '@patchbay/shared/contract/schema/server';
import { z } from 'zod';
import { failure, type Result } from './result.ts';

const optionalText = z.string().trim().min(1).optional().catch(undefined);

const DemoServers = z.array(z.object({ name: z.string(), url: z.string(), auth_method: AuthMethod }));

const Settings = z.object({
  supabaseUrl: z.url(),
  publishableKey: z.string().min(1),
  livekitUrl: optionalText,
  voiceUnavailable: optionalText,
  model: z.enum(['rehearsal', 'openai']).catch('openai'),
  modelUrl: optionalText,
  /** The inbox of a local stack, which sends no real email. */
  inboxUrl: optionalText,
  demoEmail: optionalText,
  demoPassword: optionalText,
  /** Demo servers of a local stack, as JSON. */
  demoServers: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(DemoServers)
    .catch([]),
});
export type Settings = z.infer<typeof Settings>;

/** Variable names; the first one that is set counts. */
const NAMES = {
  supabaseUrl: ['PUBLIC_SUPABASE_URL', 'SUPABASE_URL'],
  publishableKey: ['PUBLIC_SUPABASE_PUBLISHABLE_KEY', 'SUPABASE_PUBLISHABLE_KEY'],
  livekitUrl: ['LIVEKIT_URL'],
} as const;

/** A Vercel preview uses its own variable names, so an unreviewed branch never reaches production's project. */
const PREVIEW_NAMES = {
  supabaseUrl: ['PREVIEW_SUPABASE_URL'],
  publishableKey: ['PREVIEW_SUPABASE_PUBLISHABLE_KEY'],
  livekitUrl: ['PREVIEW_LIVEKIT_URL'],
} as const;

/** The web app's settings, or which variables are missing or invalid. */
export function readEnvironment(env: Record<string, string | undefined>): Result<Settings> {
  const isPreview = env['VERCEL_ENV'] === 'preview';
  const names = isPreview ? PREVIEW_NAMES : NAMES;
  const read = (candidates: readonly string[]): string | undefined =>
    candidates.map((name) => env[name]).find((value) => value !== undefined && value !== '');
  const parsed = Settings.safeParse({
    supabaseUrl: read(names.supabaseUrl),
    publishableKey: read(names.publishableKey),
    livekitUrl: read(names.livekitUrl),
    voiceUnavailable: env['PATCHBAY_VOICE_UNAVAILABLE'],
    model: env['PATCHBAY_MODEL'],
    modelUrl: env['OPENAI_BASE_URL'],
    inboxUrl: env['PATCHBAY_INBOX_URL'],
    demoEmail: env['PATCHBAY_DEMO_EMAIL'],
    demoPassword: env['PATCHBAY_DEMO_PASSWORD'],
    demoServers: env['PATCHBAY_DEMO_SERVERS'],
  });
  if (parsed.success) return { ok: true, value: parsed.data };
  const wrong = parsed.error.issues.map(({ path: [field] }) => names[field as keyof typeof names][0]);
  const missing = [...new Set(wrong)].join(' and ');
  return failure(
    503,
    isPreview
      ? `This preview deployment has no Supabase project of its own, and must not use the production one. Set ${missing} for the Preview environment.`
      : `Patchbay isn't set up yet. Set ${missing} for the web app.`,
  );
}
