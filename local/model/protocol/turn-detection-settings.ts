import { z } from 'zod';

const decides = { create_response: z.boolean().optional(), interrupt_response: z.boolean().optional() };
export const TurnDetection = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('server_vad'),
    threshold: z.number().min(0).max(1).optional(),
    prefix_padding_ms: z.number().int().min(0).max(5000).optional(),
    silence_duration_ms: z.number().int().min(0).max(10_000).optional(),
    idle_timeout_ms: z.number().int().nullish(),
    ...decides,
  }),
  z.strictObject({
    type: z.literal('semantic_vad'),
    eagerness: z.enum(['low', 'medium', 'high', 'auto']).optional(),
    ...decides,
  }),
]);
export type TurnDetection = z.infer<typeof TurnDetection>;
