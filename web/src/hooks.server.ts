import type { Handle, HandleServerError, ServerInit } from '@sveltejs/kit';
import { sequence } from '@sveltejs/kit/hooks';
import { connectSources, SECURITY_HEADERS, STRICT_TRANSPORT } from '$lib/server/request/security-headers.ts';
import { isOwnRequest } from '$lib/server/request/request-origin.ts';
import { openSession, signedIn } from '$lib/server/auth/session.ts';
import { environment, settings } from '$lib/server/settings.ts';
import { traceRequest } from '$lib/server/request/trace-request.ts';
import { readTheme } from '$lib/theme.ts';

/** Logs what is missing at startup; every page shows it too. */
export const init: ServerInit = () => {
  const found = environment();
  if (!found.ok) console.error(JSON.stringify({ level: 'error', message: found.message }));
};

const secureHeaders: Handle = async ({ event, resolve }) => {
  const response = await resolve(event);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
  if (event.url.protocol === 'https:') response.headers.set('strict-transport-security', STRICT_TRANSPORT);

  const policy = response.headers.get('content-security-policy');
  if (policy) {
    const { supabaseUrl, livekitUrl } = settings();
    response.headers.set('content-security-policy', `${policy}; ${connectSources(supabaseUrl, livekitUrl)}`);
  }
  // Pages hold a user's data, so shared caches must not store them.
  if (event.locals.user) response.headers.set('cache-control', 'private, no-store');
  return response;
};

/** Runs before anything that acts for the user of the cookies. */
const checkOrigin: Handle = ({ event, resolve }) =>
  isOwnRequest(event.request, event.url.origin)
    ? resolve(event)
    : Response.json({ message: 'This request came from another site.' }, { status: 403 });

/** Routes that need no user. Signing out opens no session, so it works while Auth is down. */
const PUBLIC: ReadonlySet<string> = new Set(['/healthz', '/oauth/client-metadata', '/sign-out']);

const authenticate: Handle = async ({ event, resolve }) => {
  event.locals.user = null;
  event.locals.accessToken = null;
  event.locals.theme = readTheme(event.cookies.get('theme'));
  if (PUBLIC.has(event.route.id ?? '')) return resolve(event);

  await openSession(event);
  // Guards pages, form actions and endpoints alike. Row level security is the backstop.
  if (event.route.id?.startsWith('/(app)/') || event.route.id?.startsWith('/api/')) signedIn(event);

  return resolve(event, {
    transformPageChunk: ({ html }) => html.replace('%patchbay.theme%', event.locals.theme),
    preload: ({ type, path }) =>
      type === 'js' ||
      type === 'css' ||
      (type === 'font' && /plex-(sans-latin-[456]00|mono-latin-400).*\.woff2$/.test(path)),
  });
};

export const handle = sequence(traceRequest, secureHeaders, checkOrigin, authenticate);

export const handleError: HandleServerError = ({ error, event, status }) => {
  if (status === 404)
    return {
      message: 'Page not found.',
      hint: 'Check the address, or go to your servers.',
    };
  // Only name and stack: messages from databases and upstreams may contain user input.
  const stack =
    error instanceof Error
      ? `${error.name}\n${error.stack?.split('\n').slice(1).join('\n')}`
      : 'not an Error';
  const { trace } = event.locals as Partial<App.Locals>;
  const line = { level: 'error', route: event.route.id, status, trace_id: trace?.traceId, stack };
  console.error(JSON.stringify(line));
  return {
    message: 'Something went wrong in Patchbay.',
    hint: "Try again. If it keeps happening, check the web app's log.",
  };
};
