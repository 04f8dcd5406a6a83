import { z } from 'zod';
import { text, wholeNumber } from './fields.ts';
import { Timestamp } from './server.ts';

/** Voices of the OpenAI Realtime models. */
export const VOICES = [
  'alloy',
  'ash',
  'ballad',
  'cedar',
  'coral',
  'echo',
  'marin',
  'sage',
  'shimmer',
  'verse',
] as const;

const writable = {
  name: text({ max: 80, required: 'Give the agent a name.' }),
  system_prompt: text({ max: 20_000 }),
  voice_model: z.enum(VOICES, 'Choose one of the voices.'),
  temperature: wholeNumber({ min: 0, max: 100 }, 'A whole number from 0 to 100.'),
  greeting: text({ max: 1000 }),
  is_default: z.boolean(),
  all_servers: z.boolean(),
};

/** A new row of `agent_configs`; left-out fields get their defaults. Temperature runs from 0 to 100. */
export const AgentConfigInput = z.object({
  name: writable.name,
  system_prompt: writable.system_prompt.default(''),
  voice_model: writable.voice_model.default('coral'),
  temperature: writable.temperature.default(80),
  greeting: writable.greeting.default(''),
  is_default: writable.is_default.default(false),
  all_servers: writable.all_servers.default(true),
});
export type AgentConfigInput = z.infer<typeof AgentConfigInput>;

/** A change to a row of `agent_configs`: only the fields that change. */
export const AgentConfigPatch = z.object(writable).partial();
export type AgentConfigPatch = z.infer<typeof AgentConfigPatch>;

/** A row of `agent_configs` as REST gives it. */
export const AgentConfigRow = z.object({
  id: z.string(),
  workspace_id: z.string(),
  user_id: z.string().nullable(),
  name: z.string(),
  system_prompt: z.string(),
  voice_model: z.string(),
  temperature: z.int(),
  greeting: z.string().nullable(),
  is_default: z.boolean(),
  all_servers: z.boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type AgentConfigRow = z.infer<typeof AgentConfigRow>;
