import { z } from 'zod';
import type { SentRequest } from '../messages/normalize-message.ts';

const Sent = z.object({
  id: z.union([z.string(), z.number()]),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
});

/** The request in a body that we send; null for notices and responses, and where there is no body. */
export function sentRequest(body: RequestInit['body']): SentRequest | null {
  if (typeof body !== 'string') return null;
  const sent = Sent.safeParse(JSON.parse(body));
  return sent.success ? sent.data : null;
}
