import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.ts';

const PRODUCTION = {
  PUBLIC_SUPABASE_URL: 'https://production.supabase.co',
  PUBLIC_SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_production',
  LIVEKIT_URL: 'wss://production.livekit.cloud',
};

describe('the environment of the web app', () => {
  it('reads public variables, and falls back to the names that other parts use', () => {
    expect(readEnvironment(PRODUCTION)).toMatchObject({
      ok: true,
      value: { supabaseUrl: PRODUCTION.PUBLIC_SUPABASE_URL, livekitUrl: PRODUCTION.LIVEKIT_URL },
    });
    const env = {
      SUPABASE_URL: 'https://x.supabase.co',
      SUPABASE_PUBLISHABLE_KEY: 'k',
      PUBLIC_SUPABASE_URL: '',
    };
    expect(readEnvironment(env)).toMatchObject({ ok: true, value: { supabaseUrl: env.SUPABASE_URL } });
  });

  it.each([
    [{}, 'PUBLIC_SUPABASE_URL and PUBLIC_SUPABASE_PUBLISHABLE_KEY'],
    [{ ...PRODUCTION, PUBLIC_SUPABASE_PUBLISHABLE_KEY: undefined }, 'PUBLIC_SUPABASE_PUBLISHABLE_KEY'],
    [{ ...PRODUCTION, PUBLIC_SUPABASE_URL: 'production' }, 'PUBLIC_SUPABASE_URL'],
  ])('names variables that are missing or not a URL', (env, names) => {
    expect(readEnvironment(env)).toEqual({
      ok: false,
      status: 503,
      message: `Patchbay isn't set up yet. Set ${names} for the web app.`,
    });
  });

  it('never gives a preview deployment the settings of production', () => {
    const env = {
      ...PRODUCTION,
      SUPABASE_URL: 'https://x',
      SUPABASE_PUBLISHABLE_KEY: 'k',
      VERCEL_ENV: 'preview',
    };
    const found = readEnvironment(env);
    expect(found).toMatchObject({
      ok: false,
      message: expect.stringContaining('PREVIEW_SUPABASE_URL and PREVIEW_SUPABASE_PUBLISHABLE_KEY'),
    });
    expect(JSON.stringify(found)).not.toContain('production.');
  });

  it('gives a preview deployment its own settings', () => {
    const own = { PREVIEW_SUPABASE_URL: 'https://branch.supabase.co', PREVIEW_SUPABASE_PUBLISHABLE_KEY: 'k' };
    const found = readEnvironment({ ...PRODUCTION, ...own, VERCEL_ENV: 'preview' });
    expect(found).toMatchObject({ ok: true, value: { supabaseUrl: own.PREVIEW_SUPABASE_URL } });
    expect(found.ok && found.value.livekitUrl).toBeUndefined();
    expect(readEnvironment({ ...PRODUCTION, ...own, VERCEL_ENV: 'production' })).toMatchObject({
      value: { supabaseUrl: PRODUCTION.PUBLIC_SUPABASE_URL },
    });
  });
});
