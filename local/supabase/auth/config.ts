import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../../..');

const Template = z.object({ subject: z.string(), content_path: z.string() });
const Config = z.object({
  auth: z.object({
    rate_limit: z.object({ token_refresh: z.number() }),
    email: z.object({
      max_frequency: z.string(),
      otp_expiry: z.number(),
      template: z.object({
        confirmation: Template,
        recovery: Template,
        magic_link: Template,
        email_change: Template,
      }),
    }),
  }),
});

const MAIL_KINDS = ['confirmation', 'recovery', 'magic_link', 'email_change'] as const;
export type MailKind = (typeof MAIL_KINDS)[number];
export interface MailTemplate {
  subject: string;
  html: string;
}

export interface AuthConfig {
  /** Per address, sign-ins and refreshes together. */
  tokensPerFiveMinutes: number;
  /** Pause between two emails of a kind to one account. */
  mailWindowSeconds: number;
  linkExpirySeconds: number;
  templates: Record<MailKind, MailTemplate>;
}

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600 };

/** Reads supabase/config.toml and the templates that it names. */
export async function readAuthConfig(): Promise<AuthConfig> {
  const text = await readFile(join(ROOT, 'supabase/config.toml'), 'utf8');
  const { rate_limit, email } = Config.parse(parse(text)).auth;
  const [, count = '', unit = ''] = /^(\d+)([smh])$/.exec(email.max_frequency) ?? [];
  const templates = await Promise.all(
    MAIL_KINDS.map(async (kind) => {
      const { subject, content_path } = email.template[kind];
      return [kind, { subject, html: await readFile(join(ROOT, content_path), 'utf8') }] as const;
    }),
  );
  return {
    tokensPerFiveMinutes: rate_limit.token_refresh,
    mailWindowSeconds: Number(count) * (UNIT_SECONDS[unit] ?? NaN),
    linkExpirySeconds: email.otp_expiry,
    templates: Object.fromEntries(templates) as AuthConfig['templates'],
  };
}
