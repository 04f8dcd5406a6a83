import { z } from 'zod';
import { MAX_LENGTH } from '../max-length.ts';
import { choice, refuse, text, trimmedText, wholeNumber } from './fields.ts';
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

/** Whose voice models an agent may use. */
export const PROVIDERS = ['openai'] as const;

/** How much a model thinks before it answers; the values of the Realtime API. */
export const REASONING_EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh'] as const;

/** How the end of a turn is recognized: fast by silence alone, semantic also by what was said. */
export const TURN_DETECTIONS = ['fast', 'semantic'] as const;

/** How soon semantic turn detection takes a turn for finished. */
export const TURN_EAGERNESS = ['auto', 'low', 'medium', 'high'] as const;

/** An optional text of a fixed format; empty text is null, as the database stores it. */
function optionalText(format: RegExp, message: string) {
  return trimmedText()
    .nullable()
    .transform((value) => value || null)
    .superRefine(
      refuse((value: string | null) =>
        value === null || format.test(value) ? null : { code: 'bad_format', message },
      ),
    );
}

const writable = {
  name: text({ max: MAX_LENGTH.name, required: 'Give the agent a name.' }),
  system_prompt: text({ max: MAX_LENGTH.systemPrompt }),
  voice_model: z.enum(VOICES, 'Choose one of the voices.'),
  temperature: wholeNumber({ min: 0, max: 100 }, 'Enter a whole number from 0 to 100.'),
  greeting: text({ max: MAX_LENGTH.greeting }),
  provider: choice(PROVIDERS),
  /** Null: the model of the deployment. */
  model: optionalText(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$/, 'Enter a model name, such as gpt-realtime-2.1.'),
  /** Null: the default of the model. */
  reasoning_effort: choice(REASONING_EFFORTS).nullable(),
  turn_detection: choice(TURN_DETECTIONS),
  turn_eagerness: choice(TURN_EAGERNESS),
  /** What callers speak, as a BCP 47 tag; null: detected. */
  language: optionalText(
    /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/,
    'Enter a language code, such as en or pt-BR.',
  ),
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
  provider: writable.provider.default('openai'),
  model: writable.model.default(null),
  reasoning_effort: writable.reasoning_effort.default(null),
  turn_detection: writable.turn_detection.default('fast'),
  turn_eagerness: writable.turn_eagerness.default('auto'),
  language: writable.language.default(null),
  is_default: writable.is_default.default(false),
  all_servers: writable.all_servers.default(true),
});
export type AgentConfigInput = z.infer<typeof AgentConfigInput>;

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
  provider: z.enum(PROVIDERS),
  model: z.string().nullable(),
  reasoning_effort: z.enum(REASONING_EFFORTS).nullable(),
  turn_detection: z.enum(TURN_DETECTIONS),
  turn_eagerness: z.enum(TURN_EAGERNESS),
  language: z.string().nullable(),
  is_default: z.boolean(),
  all_servers: z.boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type AgentConfigRow = z.infer<typeof AgentConfigRow>;
