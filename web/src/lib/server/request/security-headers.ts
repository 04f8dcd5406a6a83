/**
 * The connect-src directive: the page connects only to itself, Supabase Realtime and LiveKit. LiveKit Cloud moves
 * clients to regional hosts, so its whole domain is allowed when it is in use.
 * @param supabaseUrl http(s) URL of the project
 * @param livekitUrl ws(s) URL of the LiveKit server, if there is one
 */
export function connectSources(supabaseUrl: string, livekitUrl: string | undefined): string {
  const sources = ["'self'", ...bothSchemes(supabaseUrl)];
  if (livekitUrl && URL.canParse(livekitUrl)) {
    sources.push(...bothSchemes(livekitUrl));
    if (new URL(livekitUrl).hostname.endsWith('.livekit.cloud')) {
      sources.push('https://*.livekit.cloud', 'wss://*.livekit.cloud');
    }
  }
  return `connect-src ${sources.join(' ')}`;
}

function bothSchemes(address: string): string[] {
  const { host, protocol } = new URL(address);
  return protocol === 'https:' || protocol === 'wss:'
    ? [`https://${host}`, `wss://${host}`]
    : [`http://${host}`, `ws://${host}`];
}

/** Headers of every response. The Content-Security-Policy is added separately. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'microphone=(self), camera=(), geolocation=(), payment=(), usb=()',
};

export const STRICT_TRANSPORT = 'max-age=63072000; includeSubDomains';
