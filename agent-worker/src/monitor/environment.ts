import { z } from 'zod';
import { AddressPolicyText, readVariables } from '../environment.ts';

const required = z.string().min(1);

const MonitorEnvironment = z.object({
  SUPABASE_URL: required,
  SUPABASE_SECRET_KEY: required,
  PATCHBAY_SECRETS_KEYS: required,
  PATCHBAY_ADDRESS_POLICY: AddressPolicyText,
  /** Where the monitor answers whether it works; a platform that asks from outside sets 0.0.0.0. */
  PATCHBAY_MONITOR_HOST: z.string().default('127.0.0.1'),
  PATCHBAY_MONITOR_PORT: z.coerce.number().int().min(0).max(65_535).default(8082),
  /** Probes at a time. */
  PATCHBAY_MONITOR_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(32),
  /** Hosts that distinguish an outage of the monitor's network from one of a server; see reference-hosts.ts. */
  PATCHBAY_MONITOR_REFERENCE_HOSTS: z.string().optional(),
  LIVEKIT_URL: z.string().optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: z.string().optional(),
  /** Where traces go (OTLP over HTTP); without it there are none. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.string().optional(),
});
export type MonitorEnvironment = z.infer<typeof MonitorEnvironment>;

/**
 * Reads what the monitor needs from the environment. An empty variable counts as not set.
 * @throws EnvironmentError naming every variable that is missing or not valid
 */
export function readMonitorEnvironment(source: Record<string, string | undefined>): MonitorEnvironment {
  return readVariables(MonitorEnvironment, source);
}
