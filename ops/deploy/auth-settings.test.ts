import { parse } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authSettings } from './auth-settings.ts';
import { runStep } from './cli.ts';
import { startManagementApi, type ManagementApi } from './management-api.ts';
import { planDeployment } from './supabase-steps.ts';

const REF = 'abcdefghijklmnopqrst';
const SMTP = {
  SMTP_HOST: 'smtp.example',
  SMTP_PORT: '587',
  SMTP_USER: 'user',
  SMTP_PASS: 'secret-canary',
  SMTP_FROM: 'patchbay@patchbay.example',
};
const WEB = 'https://patchbay.example/some/path';

function configOf(env: Record<string, string>): Record<string, unknown> {
  const settings = authSettings(WEB, env);
  if (!settings.ok) throw new Error(settings.problem);
  expect(JSON.stringify(settings.files)).not.toContain('canary');
  return parse(settings.files['supabase/config.toml'] ?? '');
}

describe('the settings of Auth for a hosted project', () => {
  it('are those of the repository, with the real address of the page, and nothing but Auth', () => {
    const config = configOf({});
    expect(Object.keys(config)).toEqual(['project_id', 'auth']);
    expect(config['auth']).toMatchObject({
      site_url: 'https://patchbay.example',
      additional_redirect_urls: ['https://patchbay.example/**'],
      email: { enable_confirmations: true, double_confirm_changes: true },
    });
    // A project without its own mail server accepts no other rate.
    expect(config).not.toHaveProperty('auth.rate_limit.email_sent');
    expect(config).not.toHaveProperty('auth.email.smtp');
  });

  it('name a mail server, and leave its password to the CLI', () => {
    expect(configOf(SMTP)).toMatchObject({
      auth: {
        rate_limit: { email_sent: 100 },
        email: { smtp: { host: 'smtp.example', port: 587, pass: 'env(SMTP_PASS)' } },
      },
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['patchbay.example', {}, 'PATCHBAY_WEB_URL'],
    ['javascript:alert(1)', {}, 'PATCHBAY_WEB_URL'],
    [WEB, { SMTP_HOST: 'smtp.example', SMTP_USER: 'user' }, 'SMTP_PORT, SMTP_PASS, SMTP_FROM'],
    [WEB, { ...SMTP, SMTP_PORT: 'smtps' }, 'SMTP_PORT must be a port number'],
    [WEB, { ...SMTP, SMTP_PORT: '70000' }, 'SMTP_PORT must be a port number'],
  ])('%s with %o says what is missing', (web, env, named) => {
    expect(authSettings(web, env)).toEqual({ ok: false, problem: expect.stringContaining(named) });
  });
});

describe('the real CLI', { timeout: 60_000 }, () => {
  let api: ManagementApi;
  beforeAll(async () => {
    api = await startManagementApi();
  });
  afterAll(() => api?.close());

  it('changes nothing when it shows the differences, and applies all of them then', async () => {
    const needed = {
      LIVEKIT_URL: 'x',
      LIVEKIT_API_KEY: 'x',
      LIVEKIT_API_SECRET: 'x',
      PATCHBAY_SECRETS_KEYS: 'x',
    };
    const plan = planDeployment({ ...needed, ...SMTP, PATCHBAY_WEB_URL: WEB }, REF);
    if (!plan.ok) throw new Error(plan.problems.join(' '));
    const [diff, push] = plan.steps.filter(({ args: [group] }) => group === 'config');
    if (!diff || !push) throw new Error('no step for the settings');
    const env = { ...api.cli.env, ...SMTP };
    expect(await runStep(diff, { ...api.cli, env, stdio: 'ignore' })).toBe(0);
    expect(api.auth).toEqual({});
    await runStep(push, { ...api.cli, env, stdio: 'ignore' });
    expect(api.auth).toMatchObject({
      site_url: 'https://patchbay.example',
      uri_allow_list: 'https://patchbay.example/**',
      jwt_exp: 3600,
      mailer_autoconfirm: false,
      mailer_secure_email_change_enabled: true,
      mailer_otp_exp: 3600,
      smtp_max_frequency: 60,
      rate_limit_token_refresh: 150,
      rate_limit_email_sent: 100,
      smtp_host: 'smtp.example',
      smtp_pass: SMTP.SMTP_PASS,
    });
    // Settings made in the dashboard stay.
    expect(
      Object.keys(api.auth).filter((name) => /disable_signup|github|google|captcha|hook/.test(name)),
    ).toEqual([]);
    for (const [kind, type] of Object.entries({
      confirmation: 'signup',
      recovery: 'recovery',
      magic_link: 'magiclink',
      email_change: 'email_change',
    }))
      expect(api.auth[`mailer_templates_${kind}_content`]).toContain(
        `{{ .SiteURL }}/auth/confirm?token_hash={{ .TokenHash }}&amp;type=${type}&amp;next={{ .RedirectTo }}`,
      );
  });
});
