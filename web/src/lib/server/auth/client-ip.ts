/**
 * Tells Supabase Auth the address of the person behind a request, so that its limits count people rather than this
 * server. Auth believes that from a secret key only (https://supabase.com/docs/guides/auth/rate-limits, "IP address
 * forwarding"), and this is the one module of the page that reads a key: it goes to the calls below and to no others.
 */
import { isIP } from 'node:net';

/** Calls of somebody who has no session yet, or renews one: those that Auth limits by address. */
const LIMITED = /^\/auth\/v1\/(token|signup|recover|otp|resend|verify)$/;

/**
 * Wraps the fetch of a Supabase client. Off unless the operator sets PATCHBAY_CLIENT_IP_KEY to a secret key of the
 * project; off in previews, which never use what production has.
 *
 * @param address of the client as the platform knows it; what a client says of itself must not be in it
 */
export function withClientIp(send: typeof fetch, address: () => string, env = process.env): typeof fetch {
  const key = env['PATCHBAY_CLIENT_IP_KEY'];
  if (!key?.startsWith('sb_secret_') || env['VERCEL_ENV'] === 'preview') return send;
  return (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const client = address();
    if (!LIMITED.test(pathname) || isIP(client) === 0) return send(input, init);
    const request = new Request(input, init);
    request.headers.set('apikey', key);
    // The publishable key, if anything: these calls act for no user.
    request.headers.delete('authorization');
    request.headers.set('sb-forwarded-for', client);
    return send(request);
  };
}
