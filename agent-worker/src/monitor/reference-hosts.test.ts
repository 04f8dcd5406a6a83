import { expect, it } from 'vitest';
import { referenceHosts } from './reference-hosts.ts';

it('what the installation needs anyway, as addresses that HTTP can ask', () => {
  expect(
    referenceHosts({
      SUPABASE_URL: 'https://ref.supabase.co',
      LIVEKIT_URL: 'wss://project.livekit.cloud',
      OPENAI_API_KEY: 'key',
    }),
  ).toEqual(['https://ref.supabase.co/', 'https://project.livekit.cloud/', 'https://api.openai.com/v1']);
});

it('private addresses do not count beside public ones: they answer without a way out', () => {
  for (const supabase of [
    'http://kong:8000',
    'http://127.0.0.1:54321',
    'http://10.0.0.5',
    'http://db.internal',
    'http://localhost:54321',
    'http://[::1]:54321',
  ]) {
    const openai = { OPENAI_BASE_URL: 'https://models.example/v1' };
    expect(referenceHosts({ SUPABASE_URL: supabase, ...openai })).toEqual(['https://models.example/v1']);
    expect(referenceHosts({ SUPABASE_URL: supabase })).toEqual([new URL(supabase).href]);
  }
});

it('what the operator lists comes in their place', () => {
  expect(
    referenceHosts({
      SUPABASE_URL: 'https://ref.supabase.co',
      PATCHBAY_MONITOR_REFERENCE_HOSTS: 'example.com, http://10.0.0.1:8080/ready, ftp://example.org, ',
    }),
  ).toEqual(['https://example.com/', 'http://10.0.0.1:8080/ready']);
});
