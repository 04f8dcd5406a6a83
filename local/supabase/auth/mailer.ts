import { AsyncLocalStorage } from 'node:async_hooks';
import type { App } from '@supabase/lite';
import type { MailKind, MailTemplate } from './config.ts';
import { renderTemplate } from './render-template.ts';

type LiteMailer = NonNullable<App['_mailer']>;

export interface Mail {
  id: string;
  to: string;
  subject: string;
  html: string;
  /** ISO 8601. */
  sentAt: string;
}

const MAX_MAILS = 200;

export interface Mailer extends LiteMailer {
  outbox: () => readonly Mail[];
  withRedirect<T>(redirectTo: string | null, act: () => Promise<T>): Promise<T>;
}

/** Renders Auth's emails with this repository's templates, and keeps them instead of sending them. */
export function createMailer(templates: Record<MailKind, MailTemplate>, siteUrl: string): Mailer {
  const outbox: Mail[] = [];
  const redirects = new AsyncLocalStorage<string>();

  const send = async (
    kind: MailKind,
    to: string,
    tokenHash: string,
    more: { Email: string; NewEmail?: string },
  ): Promise<void> => {
    const { subject, html } = templates[kind];
    const RedirectTo = redirects.getStore() ?? siteUrl;
    const values = { SiteURL: siteUrl, TokenHash: tokenHash, RedirectTo, ...more };
    outbox.unshift({
      id: crypto.randomUUID(),
      to,
      subject,
      html: renderTemplate(html, values),
      sentAt: new Date().toISOString(),
    });
    outbox.splice(MAX_MAILS);
  };

  return {
    outbox: () => outbox,
    withRedirect: (redirectTo, act) => redirects.run(allowedRedirect(redirectTo, siteUrl), act),
    sendConfirmation: (to, tokenHash) => send('confirmation', to, tokenHash, { Email: to }),
    sendRecovery: (to, tokenHash) => send('recovery', to, tokenHash, { Email: to }),
    sendMagicLink: (to, tokenHash) => send('magic_link', to, tokenHash, { Email: to }),
    // If both mailboxes confirm a change, this is called once with both tokens.
    async sendEmailChange(to, tokenHash, _otp, { currentEmail = to, newEmail = to, tokenHashNew } = {}) {
      const both = { Email: currentEmail, NewEmail: newEmail };
      await send('email_change', to, tokenHash, both);
      if (tokenHashNew) await send('email_change', newEmail, tokenHashNew, both);
    },
    sendReauthentication: () =>
      Promise.reject(new Error('Patchbay asks nobody to authenticate again by email.')),
  };
}

/** Hosted projects accept URLs of the site's host and of a list, which is empty here. */
function allowedRedirect(redirectTo: string | null, siteUrl: string): string {
  if (redirectTo === null || !URL.canParse(redirectTo)) return siteUrl;
  return new URL(redirectTo).hostname === new URL(siteUrl).hostname ? redirectTo : siteUrl;
}
