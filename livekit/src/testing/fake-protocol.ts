import { z } from 'zod';

const Item = z.looseObject({
  id: z.string().optional(),
  type: z.string(),
  role: z.string().optional(),
  call_id: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
  output: z.string().optional(),
  content: z.array(z.looseObject({ text: z.string().optional() })).optional(),
});
export type FakeItem = z.infer<typeof Item>;

const Tool = z.looseObject({ name: z.string() });
export type FakeTool = z.infer<typeof Tool>;

export const Received = z.looseObject({
  type: z.string(),
  event_id: z.string().optional(),
  previous_item_id: z.string().optional(),
  item_id: z.string().optional(),
  response_id: z.string().optional(),
  item: Item.optional(),
  session: z.looseObject({ tools: z.array(Tool).optional() }).optional(),
  response: z
    .looseObject({
      conversation: z.string().optional(),
      instructions: z.string().optional(),
      metadata: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
});
export type Received = z.infer<typeof Received>;
