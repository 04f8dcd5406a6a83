import {
  parseAddressPolicy,
  type AddressPolicy,
} from '../../../shared/src/engine/outgoing/address-policy.ts';

export type Environment = Record<string, string | undefined>;

const DEFAULT_TEST_TIMEOUT_MS = 10_000;
export const DEFAULT_AGENT_NAME = 'patchbay';

export interface ProbeSettings {
  policy: AddressPolicy;
  /** Milliseconds for the whole connection test. */
  timeoutMs: number;
}

/** Reads `PATCHBAY_ADDRESS_POLICY` (the strictest, when it cannot be read) and `PATCHBAY_TEST_TIMEOUT_MS` (default 10 000). */
export function probeSettings(env: Environment): ProbeSettings {
  const timeoutMs = Number(env.PATCHBAY_TEST_TIMEOUT_MS);
  return {
    policy: parseAddressPolicy(env.PATCHBAY_ADDRESS_POLICY) ?? 'public',
    timeoutMs: timeoutMs > 0 ? timeoutMs : DEFAULT_TEST_TIMEOUT_MS,
  };
}

export interface LivekitSettings {
  /** A ws:// or wss:// address that browsers use too. */
  url: string;
  apiKey: string;
  apiSecret: string;
  agentName: string;
}

/** Reads `LIVEKIT_URL`, `LIVEKIT_API_KEY`, `LIVEKIT_API_SECRET`, `PATCHBAY_AGENT_NAME`; null without a LiveKit server. */
export function livekitSettings(env: Environment): LivekitSettings | null {
  const { LIVEKIT_URL: url, LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret } = env;
  if (!url || !apiKey || !apiSecret) return null;
  return { url, apiKey, apiSecret, agentName: env.PATCHBAY_AGENT_NAME || DEFAULT_AGENT_NAME };
}

/** Reads `PATCHBAY_WEB_URL`, where the page is served; null where it is not said, or is no web address. */
export function webUrlOf({ PATCHBAY_WEB_URL: url }: Environment): string | null {
  return url && /^https?:\/\//.test(url) && URL.canParse(url) ? new URL(url).origin : null;
}
