import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify, type TomlTable } from 'smol-toml';

const ROOT = join(import.meta.dirname, '../..');
/** Per hour. Supabase changes it only for projects with their own mail server. */
const EMAILS_PER_HOUR = 100;
const SMTP_NAMES = ['SMTP_HOST', 'SMTP_PORT', 'SMTP_USER', 'SMTP_PASS', 'SMTP_FROM'] as const;

export type AuthSettings = { ok: true; files: Record<string, string> } | { ok: false; problem: string };

/**
 * Takes the part about Auth of supabase/config.toml, with the real address of the page and the operator's mail server.
 * What the file does not name stays as it is in the project, such as providers that were enabled in the dashboard, and
 * whether people may sign up: an operator who closed that must not find it open after an upgrade.
 *
 * @param env an empty variable counts as not set
 * @returns contents by path in a folder of their own; no secret is among them: the CLI reads the password itself
 */
export function authSettings(
  webUrl: string,
  env: Record<string, string | undefined>,
  readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8'),
): AuthSettings {
  if (!URL.canParse(webUrl) || !/^https?:$/.test(new URL(webUrl).protocol))
    return { ok: false, problem: 'Set PATCHBAY_WEB_URL to the address of the page, https://….' };
  const missing = SMTP_NAMES.filter((name) => !env[name]);
  if (missing.length > 0 && missing.length < SMTP_NAMES.length)
    return { ok: false, problem: `For a mail server of your own, set ${missing.join(', ')} too.` };
  const smtpPort = Number(env['SMTP_PORT']);
  if (missing.length === 0 && !(Number.isInteger(smtpPort) && smtpPort > 0 && smtpPort < 65_536))
    return { ok: false, problem: 'SMTP_PORT must be a port number, such as 587.' };

  const { project_id, auth } = parse(readText('supabase/config.toml')) as {
    project_id: string;
    auth: TomlTable & { email: TomlTable & { template: Record<string, { content_path: string }> } };
  };
  const { origin } = new URL(webUrl);
  delete auth['enable_signup'];
  Object.assign(auth, { site_url: origin, additional_redirect_urls: [`${origin}/**`] });
  if (missing.length === 0) {
    Object.assign(auth['rate_limit'] as TomlTable, { email_sent: EMAILS_PER_HOUR });
    auth.email['smtp'] = {
      enabled: true,
      host: env['SMTP_HOST'] ?? '',
      port: smtpPort,
      user: env['SMTP_USER'] ?? '',
      pass: 'env(SMTP_PASS)',
      admin_email: env['SMTP_FROM'] ?? '',
      sender_name: 'Patchbay',
    };
  }
  const templates = Object.values(auth.email.template).map(({ content_path }) => content_path);
  return {
    ok: true,
    files: {
      'supabase/config.toml': stringify({ project_id, auth }),
      ...Object.fromEntries(templates.map((path) => [path, readText(path)])),
    },
  };
}
