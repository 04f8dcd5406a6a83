import { z } from 'zod';
import { failed, ok, unknown, type Finding } from './finding.ts';
import { ask, type Answer } from './http.ts';
import { isLoopback } from './secrets.ts';

const MANAGEMENT_API = 'https://api.supabase.com';
/** Part of every link in our templates. */
const OUR_LINK = '/auth/confirm?token_hash=';

/** Anyone may read these. */
const PublicSettings = z.object({ mailer_autoconfirm: z.boolean() });
/** The Management API returns these to the project's owner only. */
const OwnerSettings = z.object({
  site_url: z.string(),
  smtp_host: z.string().nullish(),
  mailer_autoconfirm: z.boolean(),
  mailer_templates_confirmation_content: z.string().nullish(),
});

export interface MailReading {
  supabaseUrl: string;
  webUrl: string | undefined;
  settings: Answer;
  /** Null without an access token, or for a project that Supabase does not host. */
  owner: Answer | null;
}

/** @param accessToken of the person who deploys (SUPABASE_ACCESS_TOKEN) */
export async function readMail(
  supabaseUrl: string,
  publishableKey: string,
  webUrl: string | undefined,
  accessToken: string | undefined,
  managementApi = MANAGEMENT_API,
): Promise<MailReading> {
  const ref = /^([a-z]{20})\.supabase\.co$/.exec(new URL(supabaseUrl).hostname)?.[1];
  const [settings, owner] = await Promise.all([
    ask(`${supabaseUrl}/auth/v1/settings`, { headers: { apikey: publishableKey } }),
    ref !== undefined && accessToken !== undefined
      ? ask(`${managementApi}/v1/projects/${ref}/config/auth`, {
          headers: { authorization: `Bearer ${accessToken}` },
        })
      : null,
  ]);
  return { supabaseUrl, webUrl, settings, owner };
}

export function judgeMail({ supabaseUrl, webUrl, settings, owner }: MailReading): Finding {
  const open = PublicSettings.safeParse(settings.body).data;
  if (!open) return unknown('mail', 'the sign-in service does not return its settings');
  if (isLoopback(supabaseUrl)) return ok('mail', `emails are kept in an inbox, ${supabaseUrl}/inbox`);
  if (open.mailer_autoconfirm)
    return failed(
      'mail',
      'accounts open without a confirmed email address',
      'Switch on "Confirm email" (Authentication, Sign In / Providers), or run `npm run deploy:supabase` with PATCHBAY_WEB_URL.',
    );
  if (owner === null)
    return unknown('mail', 'set SUPABASE_ACCESS_TOKEN to check the mail server of a hosted project');
  const ownerSettings = OwnerSettings.safeParse(owner.body).data;
  if (owner.status !== 200 || !ownerSettings)
    return unknown('mail', `Supabase does not return its settings (${owner.status ?? owner.reason})`);
  if (!ownerSettings.smtp_host)
    return failed(
      'mail',
      "mail is not configured: Supabase emails only members of the project's team, two per hour",
      'Set SMTP_HOST, SMTP_PORT, SMTP_USER, SMTP_PASS and SMTP_FROM, and run `npm run deploy:supabase` with PATCHBAY_WEB_URL.',
    );
  const site = URL.canParse(ownerSettings.site_url)
    ? new URL(ownerSettings.site_url).origin
    : ownerSettings.site_url;
  const isOurs = ownerSettings.mailer_templates_confirmation_content?.includes(OUR_LINK) === true;
  if (!isOurs || (webUrl !== undefined && site !== new URL(webUrl).origin))
    return failed(
      'mail',
      isOurs ? `links in emails lead to ${site}` : 'emails do not use the templates of Patchbay',
      'Run `npm run deploy:supabase` with PATCHBAY_WEB_URL set to the address of the page.',
    );
  return ok('mail', `emails are sent through ${ownerSettings.smtp_host}, and their links lead to ${site}`);
}
