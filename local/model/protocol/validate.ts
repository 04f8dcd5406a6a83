// Codes and wording follow the errors of OpenAI's API.
import { z } from 'zod';
import type { Complaint } from './complaint.ts';
import { schemaFault } from './tool-schema.ts';
import { Transcription } from '../turns/transcription.ts';
import { TurnDetection } from './turn-detection-settings.ts';
import { VOICES } from './voices.ts';

const MOST_TOOLS = 128;

const Tool = z
  .strictObject({
    type: z.literal('function'),
    name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[a-zA-Z0-9_-]+$/),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  })
  .superRefine((tool, context) => {
    const fault = schemaFault(tool.parameters);
    if (!fault) return;
    context.addIssue({
      code: 'custom',
      path: ['parameters'],
      message: `Invalid schema for function '${tool.name}': ${fault}`,
      params: { code: 'invalid_function_parameters' },
    });
  });
export type Tool = z.infer<typeof Tool>;

export const ToolList = z
  .array(Tool)
  .max(MOST_TOOLS)
  .superRefine((tools, context) => {
    const seen = new Set<string>();
    tools.forEach(({ name }, n) => {
      if (seen.has(name)) {
        const message = `Invalid 'session.tools[${n}].name': tool names must be unique, '${name}' is there twice.`;
        context.addIssue({ code: 'custom', path: [n, 'name'], message, params: { code: 'invalid_value' } });
      }
      seen.add(name);
    });
  });

export const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), name: z.string() }),
]);
export type ToolChoice = z.infer<typeof ToolChoice>;

const InputFormat = z.strictObject({ type: z.literal('audio/pcm'), rate: z.literal(24_000).optional() });
export const OutputFormat = InputFormat;
export const VoiceName = z.enum(VOICES);
export const MaxOutputTokens = z.union([z.number().int().min(1).max(4096), z.literal('inf')]);
export const Reasoning = z.strictObject({
  effort: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
});

/** What is dropped once the conversation exceeds the model's input. */
const Truncation = z.union([
  z.enum(['auto', 'disabled']),
  z.strictObject({
    type: z.literal('retention_ratio'),
    retention_ratio: z.number().min(0).max(1),
    token_limits: z.strictObject({ post_instructions: z.number().int().min(0).optional() }).optional(),
  }),
]);

/** The `session` of a `session.update`: only what is named changes. */
export const SessionPatch = z.strictObject({
  type: z.literal('realtime'),
  model: z.string().optional(),
  instructions: z.string().optional(),
  tools: ToolList.optional(),
  tool_choice: ToolChoice.optional(),
  output_modalities: z
    .array(z.enum(['audio', 'text']))
    .length(1)
    .optional(),
  max_output_tokens: MaxOutputTokens.optional(),
  parallel_tool_calls: z.boolean().optional(),
  audio: z
    .strictObject({
      input: z
        .strictObject({
          format: InputFormat.optional(),
          noise_reduction: z.strictObject({ type: z.enum(['near_field', 'far_field']) }).nullish(),
          transcription: Transcription.nullish(),
          turn_detection: TurnDetection.nullish(),
        })
        .optional(),
      output: z
        .strictObject({
          format: OutputFormat.optional(),
          speed: z.number().min(0.25).max(1.5).optional(),
          voice: VoiceName.optional(),
        })
        .optional(),
    })
    .optional(),
  tracing: z.unknown().optional(),
  reasoning: Reasoning.optional(),
  include: z.array(z.literal('item.input_audio_transcription.logprobs')).nullish(),
  prompt: z.unknown().optional(),
  truncation: Truncation.optional(),
});
export type SessionPatch = z.infer<typeof SessionPatch>;

/**
 * The first fault that zod found, said as OpenAI says it.
 *
 * @param sent the whole client event, to tell a value that is missing from one of a wrong type
 */
export function complaintOf(error: z.ZodError, sent: unknown): Complaint {
  const issue = deepest(error.issues[0], []);
  const param = pathName(issue.path);
  const fault = (code: string, message: string): Complaint => ({ code, message, param });
  switch (issue.code) {
    case 'custom':
      return fault(String(issue.params?.['code'] ?? 'invalid_value'), issue.message);
    case 'unrecognized_keys': {
      const key = pathName([...issue.path, issue.keys[0] ?? '']);
      return { code: 'unknown_parameter', message: `Unknown parameter: '${key}'.`, param: key };
    }
    case 'too_big': {
      const things = issue.origin === 'array' ? 'array' : 'string';
      if (issue.origin !== 'array' && issue.origin !== 'string') break;
      const length = lengthAt(sent, issue.path);
      const expected = `Expected ${things === 'array' ? 'an array' : 'a string'} with maximum length ${issue.maximum}`;
      const message = `Invalid '${param}': ${things} too long. ${expected}, but got one with length ${length} instead.`;
      return fault(`${things}_above_max_length`, message);
    }
    case 'invalid_format':
      if (issue.format !== 'regex') break;
      return fault(
        'invalid_value',
        `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${String(issue.pattern).slice(1, -1)}'.`,
      );
    case 'invalid_type':
      if (valueAt(sent, issue.path) === undefined) {
        return fault('missing_required_parameter', `Missing required parameter: '${param}'.`);
      }
      return fault('invalid_type', `Invalid type for '${param}': expected ${issue.expected}.`);
    case 'invalid_value':
      if (valueAt(sent, issue.path) === undefined) {
        return fault('missing_required_parameter', `Missing required parameter: '${param}'.`);
      }
      return fault(
        'invalid_value',
        `Invalid value: '${String(valueAt(sent, issue.path))}'. Supported values are: ${issue.values.map((value) => `'${String(value)}'`).join(', ')}.`,
      );
    case 'invalid_union':
      return fault('invalid_value', `Invalid value for '${param}'.`);
    default:
      break;
  }
  return fault('invalid_value', `Invalid value for '${param}': ${issue.message}`);
}

/** In a union, reports the branch that matched furthest. */
function deepest(issue: z.core.$ZodIssue | undefined, base: PropertyKey[]): z.core.$ZodIssue {
  if (!issue) return { code: 'custom', path: base, message: 'Invalid event.', input: undefined };
  const here = { ...issue, path: [...base, ...issue.path] };
  if (issue.code !== 'invalid_union') return here;
  const inside = issue.errors
    .flat()
    .map((inner) => deepest(inner, here.path))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return inside && inside.path.length > here.path.length ? inside : here;
}

function pathName(path: PropertyKey[]): string {
  return path
    .map((step, n) => (typeof step === 'number' ? `[${step}]` : `${n ? '.' : ''}${String(step)}`))
    .join('');
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Reflect.get(here, step);
  }
  return here;
}

function lengthAt(value: unknown, path: PropertyKey[]): number {
  const found = valueAt(value, path);
  return Array.isArray(found) || typeof found === 'string' ? found.length : 0;
}
