import { checkUrl } from '@patchbay/shared/engine/outgoing/address-policy';

export interface ReferenceSettings {
  SUPABASE_URL: string;
  LIVEKIT_URL?: string | undefined;
  OPENAI_API_KEY?: string | undefined;
  OPENAI_BASE_URL?: string | undefined;
  PATCHBAY_MONITOR_REFERENCE_HOSTS?: string | undefined;
}

const OPENAI_URL = 'https://api.openai.com/v1';

/**
 * Addresses by which a monitor distinguishes an outage of its network from one of a server: what
 * `PATCHBAY_MONITOR_REFERENCE_HOSTS` lists (host names or URLs, separated by commas), else what the installation needs
 * anyway. Private addresses answer without a way to the internet, so they count only where there are no others.
 */
export function referenceHosts(settings: ReferenceSettings): string[] {
  const { PATCHBAY_MONITOR_REFERENCE_HOSTS: listed, OPENAI_API_KEY, OPENAI_BASE_URL } = settings;
  if (listed) return listed.split(',').flatMap((entry) => addressOf(entry.trim()) ?? []);
  const openai = OPENAI_BASE_URL ?? (OPENAI_API_KEY ? OPENAI_URL : undefined);
  const needed = [settings.SUPABASE_URL, settings.LIVEKIT_URL, openai].flatMap(
    (entry) => (entry && addressOf(entry)) ?? [],
  );
  const open = needed.filter(isPublic);
  return open.length > 0 ? open : needed;
}

/** An address that HTTP can ask; null when the entry is none. */
function addressOf(entry: string): string | null {
  const text = entry.includes('://') ? entry.replace(/^ws/, 'http') : `https://${entry}`;
  return /^https?:/.test(text) && URL.canParse(text) ? new URL(text).href : null;
}

function isPublic(url: string): boolean {
  const { host, hostname } = new URL(url);
  try {
    checkUrl(`https://${host}`, 'public');
  } catch {
    return false;
  }
  // A name without a dot is one of a private network.
  return /[.:]/.test(hostname);
}
