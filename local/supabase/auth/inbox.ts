import { Hono, type MiddlewareHandler } from 'hono';
import type { Mail } from './mailer.ts';
import { escapeHtml } from './render-template.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** Neither the page nor an email in it may run scripts. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves `/inbox`, and `/inbox.json` for tests, under loopback names only, against DNS rebinding. */
export function createInbox(outbox: () => readonly Mail[]): Hono {
  const routes = new Hono();
  const guard: MiddlewareHandler = async (context, next) => {
    if (!LOOPBACK.has(new URL(context.req.url).hostname)) return context.notFound();
    context.header('cache-control', 'no-store');
    return next();
  };
  routes.get('/inbox.json', guard, (context) => context.json(outbox()));
  routes.get('/inbox', guard, (context) => {
    context.header('content-security-policy', POLICY);
    return context.html(inboxPage(outbox()));
  });
  return routes;
}

function inboxPage(mails: readonly Mail[]): string {
  const list = mails.map(
    ({ to, subject, html, sentAt }) => `
      <article>
        <h2>${escapeHtml(subject)}</h2>
        <p>To ${escapeHtml(to)} at <time datetime="${sentAt}">${sentAt.slice(11, 19)} UTC</time></p>
        <iframe title="Email to ${escapeHtml(to)}: ${escapeHtml(subject)}"
          sandbox="allow-top-navigation-by-user-activation"
          srcdoc="${escapeHtml(html.replace('<head>', '<head><base target="_top" />'))}"></iframe>
      </article>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Inbox · local Patchbay</title>
    <style>
      body { max-width: 640px; margin: 0 auto; padding: 24px; font-family: system-ui, sans-serif; line-height: 1.5 }
      article { margin-top: 24px; border-top: 1px solid GrayText }
      h2 { margin-bottom: 0 }
      iframe { width: 100%; height: 320px; border: 0 }
    </style>
  </head>
  <body>
    <main>
      <h1>Inbox</h1>
      <p>Emails of this local Patchbay. They are kept here instead of being sent, until it stops.</p>
      ${list.join('') || '<p>No emails yet.</p>'}
    </main>
  </body>
</html>
`;
}
