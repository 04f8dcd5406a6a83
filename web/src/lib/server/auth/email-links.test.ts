import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sendEmailLink } from './email-links.ts';

vi.mock('../settings.ts', () => ({
  settings: () => ({ supabaseUrl: 'https://project.supabase.test', publishableKey: 'key' }),
}));
const event = {
  getClientAddress: () => '203.0.113.7',
  request: new Request('https://patchbay.example/forgot-password'),
  url: new URL('https://patchbay.example/forgot-password'),
};

beforeEach(() => void vi.spyOn(console, 'warn').mockReturnValue());
afterEach(() => void vi.restoreAllMocks());

function authAnswers(status: number, error_code: string): void {
  const answer = { code: status, error_code, msg: 'no' };
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(answer, { status }));
}

it.each<['recovery' | 'magiclink' | 'signup', number, string]>([
  ['recovery', 429, 'over_email_send_rate_limit'],
  ['recovery', 400, 'email_address_not_authorized'],
  ['magiclink', 422, 'otp_disabled'],
  ['magiclink', 400, 'email_address_not_authorized'],
  ['signup', 400, 'email_address_not_authorized'],
])('a %s link that Auth rejects with %i %s reveals nothing about the account', async (kind, status, code) => {
  authAnswers(status, code);
  expect(await sendEmailLink(event, kind, 'ann@patchbay.example', null)).toMatchObject({ ok: true });
});

it('a rate limit that applies to everyone is reported', async () => {
  authAnswers(429, 'over_request_rate_limit');
  const sent = await sendEmailLink(event, 'recovery', 'ann@patchbay.example', null);
  expect(sent).toMatchObject({ ok: false, status: 429 });
});
