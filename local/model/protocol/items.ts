import { z } from 'zod';

/** In characters: what gpt-realtime-2 was seen to accept. */
const MAX_PART_LENGTH = 256_000;

const ContentPart = z.looseObject({
  type: z.enum(['input_text', 'input_audio', 'input_image', 'text', 'output_text', 'audio', 'output_audio']),
  text: z.string().max(MAX_PART_LENGTH).optional(),
  transcript: z.string().nullish(),
});

const itemId = z.string().max(512).optional();
const MessageItem = z.looseObject({
  id: itemId,
  type: z.literal('message'),
  role: z.enum(['system', 'user', 'assistant']),
  content: z.array(ContentPart),
});
const FunctionCallItem = z.looseObject({
  id: itemId,
  type: z.literal('function_call'),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
});
const FunctionCallOutputItem = z.looseObject({
  id: itemId,
  type: z.literal('function_call_output'),
  call_id: z.string(),
  output: z.string(),
});

/** An item that a client adds to the conversation, or to the input of one response. */
export const NewItem = z
  .discriminatedUnion('type', [MessageItem, FunctionCallItem, FunctionCallOutputItem])
  .superRefine((item, context) => {
    if (item.type !== 'message') return;
    item.content.forEach((part, n) => {
      if (PARTS_OF_ROLE[item.role].includes(part.type)) return;
      const message = `Invalid value: '${part.type}'. A ${item.role} message holds ${PARTS_OF_ROLE[item.role].join(', ')}.`;
      context.addIssue({
        code: 'custom',
        path: ['content', n, 'type'],
        message,
        params: { code: 'invalid_value' },
      });
    });
  });
export type NewItem = z.infer<typeof NewItem>;

const PARTS_OF_ROLE: Record<'system' | 'user' | 'assistant', string[]> = {
  system: ['input_text'],
  user: ['input_text', 'input_audio', 'input_image'],
  assistant: ['output_text', 'output_audio'],
};

/** OpenAI documents no such item; clients must accept unknown types. */
interface ReasoningItem {
  type: 'reasoning';
  content: [];
}

export type Item = (NewItem | ReasoningItem) & {
  id: string;
  object: 'realtime.item';
  status: 'in_progress' | 'completed' | 'incomplete';
};
