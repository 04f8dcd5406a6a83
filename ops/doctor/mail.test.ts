import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { judgeMail, readMail, type MailReading } from './mail.ts';
import type { Answer } from './http.ts';

const answer = (status: number, body: unknown): Answer => ({ status, body, headers: new Headers() });
const HOSTED = 'https://abcdefghijklmnopqrst.supabase.co';
const good = {
  site_url: 'https://patchbay.example/',
  smtp_host: 'smtp.example',
  mailer_autoconfirm: false,
  mailer_templates_confirmation_content: '<a href="{{ .SiteURL }}/auth/confirm?token_hash={{ .TokenHash }}">',
};
const reading: MailReading = {
  supabaseUrl: HOSTED,
  webUrl: 'https://patchbay.example',
  settings: answer(200, { mailer_autoconfirm: false }),
  owner: answer(200, good),
};

it.each<[string, Partial<MailReading>, string, RegExp]>([
  ['a mail server and our templates', {}, 'ok', /smtp\.example/],
  ['no mail server', { owner: answer(200, { ...good, smtp_host: null }) }, 'failed', /not configured/],
  ['an empty mail server', { owner: answer(200, { ...good, smtp_host: '' }) }, 'failed', /two per hour/],
  ['links elsewhere', { webUrl: 'https://other.example' }, 'failed', /lead to https:\/\/patchbay\.example/],
  [
    "Supabase's own templates",
    { owner: answer(200, { ...good, mailer_templates_confirmation_content: '{{ .ConfirmationURL }}' }) },
    'failed',
    /templates/,
  ],
  [
    'accounts without confirmation',
    { settings: answer(200, { mailer_autoconfirm: true }) },
    'failed',
    /without/,
  ],
  ['no access token', { owner: null }, 'unknown', /SUPABASE_ACCESS_TOKEN/],
  ['a refused access token', { owner: answer(401, { message: 'Unauthorized' }) }, 'unknown', /401/],
  ['no answer', { settings: answer(502, '<h1>') }, 'unknown', /does not return its settings/],
  [
    'a stack on this machine',
    {
      supabaseUrl: 'http://127.0.0.1:4101',
      settings: answer(200, { mailer_autoconfirm: true }),
      owner: null,
    },
    'ok',
    /127\.0\.0\.1:4101\/inbox/,
  ],
])('%s', (_, change, state, said) => {
  const finding = judgeMail({ ...reading, ...change });
  expect(finding).toMatchObject({ check: 'mail', state, said: expect.stringMatching(said) });
  expect(finding.fix !== undefined).toBe(state === 'failed');
});

it('the access token goes to Supabase alone, for the project of the address', async () => {
  const asked: (string | undefined)[][] = [];
  const server = createServer(({ url, headers }, response) => {
    asked.push([url, headers.authorization]);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await readMail(here, 'sb_publishable_1', undefined, 'sbp_canary', `${here}/management`);
  expect(asked).toEqual([['/auth/v1/settings', undefined]]);
  server.close().closeAllConnections();
});
