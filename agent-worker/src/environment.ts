import { parseAddressPolicy } from '@patchbay/shared/engine/outgoing/address-policy';
import {
  DEFAULT_REALTIME_MODEL,
  DEFAULT_TRANSCRIPTION_MODEL,
  worksWithTurnDetection,
} from '@patchbay/shared/contract/voice-models';
import { z } from 'zod';

const required = z.string().min(1);

/** An address policy, read. */
export const AddressPolicyText = z
  .string()
  .optional()
  .transform((text, context) => {
    const policy = parseAddressPolicy(text);
    if (policy === null) context.addIssue({ code: 'custom', message: 'not an address policy' });
    return policy ?? 'public';
  });

const Environment = z.object({
  SUPABASE_URL: required,
  SUPABASE_SECRET_KEY: required,
  LIVEKIT_URL: required,
  LIVEKIT_API_KEY: required,
  LIVEKIT_API_SECRET: required,
  OPENAI_API_KEY: required,
  OPENAI_BASE_URL: z.string().optional(),
  OPENAI_REALTIME_MODEL: z.string().default(DEFAULT_REALTIME_MODEL),
  OPENAI_TRANSCRIPTION_MODEL: z.string().refine(worksWithTurnDetection).default(DEFAULT_TRANSCRIPTION_MODEL),
  OPENAI_NOISE_REDUCTION: z.enum(['near_field', 'far_field', 'off']).default('off'),
  /** Most estimated tokens that tools may take in a conversation; the model's own limit stays. */
  PATCHBAY_TOOL_TOKENS: z.coerce.number().int().min(0).optional(),
  PATCHBAY_SECRETS_KEYS: required,
  PATCHBAY_AGENT_NAME: z.string().default('patchbay'),
  PATCHBAY_ADDRESS_POLICY: AddressPolicyText,
  /** Where the health endpoint listens; a platform that probes from outside sets 0.0.0.0. */
  PATCHBAY_WORKER_HOST: z.string().default('127.0.0.1'),
  /** Cores that the machine sustains, where that is less than it shows: shared CPUs are throttled to a fraction. */
  PATCHBAY_WORKER_CORES: z.coerce.number().positive().optional(),
  /** How long conversations may go on after SIGTERM; below what the platform gives a machine to stop. */
  PATCHBAY_DRAIN_TIMEOUT_MS: z.coerce.number().int().min(1).default(270_000),
  /**
   * A conversation of this worker ends when its user neither spoke nor typed for so long, where that is shorter than
   * what the workspace allows (`session_idle_minutes`); 0: as the workspace allows.
   */
  PATCHBAY_IDLE_TIMEOUT_MS: z.coerce.number().int().min(0).default(0),
  /** Where traces go (OTLP over HTTP); without it there are none. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.string().optional(),
  PATCHBAY_WORKER_PORT: z.coerce.number().int().min(0).max(65_535).default(8081),
});
export type Environment = z.infer<typeof Environment>;

/** Thrown when variables are missing or wrong; the message holds their names, never their values. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** Reads what the worker needs from the environment; throws as `readVariables`. */
export function readEnvironment(source: Record<string, string | undefined>): Environment {
  return readVariables(Environment, source);
}

/**
 * Reads variables of the environment by their schema. An empty variable counts as not set.
 * @throws EnvironmentError naming every variable that is missing or not valid
 */
export function readVariables<T>(schema: z.ZodType<T>, source: Record<string, string | undefined>): T {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))];
  throw new EnvironmentError(`Missing or not valid in the environment: ${names.join(', ')}`);
}
