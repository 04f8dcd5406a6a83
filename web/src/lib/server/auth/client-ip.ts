/**
 * Forwards the client's IP address to Supabase Auth, so that rate limits count users instead of this server. Auth
 * trusts it only from a secret key (https://supabase.com/docs/guides/auth/rate-limits, "IP address forwarding"). This
 * is the only module of the page that reads a key; it adds the key to the calls below and to no others.
 */
import { isIP } from 'node:net';

/** Calls without a session, or that renew one: Auth limits them by address. */
const LIMITED = /^\/auth\/v1\/(token|signup|recover|otp|resend|verify)$/;

/**
 * Wraps the fetch of a Supabase client. Off unless PATCHBAY_CLIENT_IP_KEY is a secret key of the project, and off in
 * previews, which never use production's values.
 * @param address the client's address as the platform knows it; must not contain what the client claims
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
    // At most the publishable key: these calls act for no user.
    request.headers.delete('authorization');
    request.headers.set('sb-forwarded-for', client);
    return send(request);
  };
}
