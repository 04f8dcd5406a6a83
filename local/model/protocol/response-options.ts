// Source: `RealtimeResponseCreateParams` in OpenAI's API reference.
import { z } from 'zod';
import { NewItem } from './items.ts';
import { MaxOutputTokens, OutputFormat, Reasoning, ToolChoice, ToolList, VoiceName } from './validate.ts';

const ItemReference = z.strictObject({ type: z.literal('item_reference'), id: z.string() });

const MAX_METADATA_PAIRS = 16;
const Metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= MAX_METADATA_PAIRS, {
    message: `metadata holds at most ${MAX_METADATA_PAIRS} pairs.`,
  });

export const ResponseOptions = z.strictObject({
  /** `none`: the response reads the conversation, or its own input, and leaves nothing in it. */
  conversation: z.enum(['auto', 'none']).optional(),
  /** Replaces the conversation; if empty, the response reads only its instructions. */
  input: z.array(z.union([ItemReference, NewItem])).optional(),
  instructions: z.string().optional(),
  output_modalities: z
    .array(z.enum(['audio', 'text']))
    .length(1)
    .optional(),
  tools: ToolList.optional(),
  tool_choice: ToolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  metadata: Metadata.nullish(),
  max_output_tokens: MaxOutputTokens.optional(),
  reasoning: Reasoning.optional(),
  prompt: z.unknown().optional(),
  audio: z
    .strictObject({
      output: z.strictObject({ format: OutputFormat.optional(), voice: VoiceName.optional() }).optional(),
    })
    .optional(),
});
export type ResponseOptions = z.infer<typeof ResponseOptions>;
