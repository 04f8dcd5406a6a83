// Source: OpenAI's API reference, and what @livekit/agents-plugin-openai 1.9.0 sends and waits for.
import { z } from 'zod';
import type { ApiError } from './api-errors.ts';
import type { Usage } from './usage.ts';
import { NewItem, type Item } from './items.ts';
import { ResponseOptions } from './response-options.ts';
import type { Complaint } from './complaint.ts';
import { complaintOf, SessionPatch } from './validate.ts';
import type { Voice } from './voices.ts';

const eventId = z.string().max(512).optional();

const ClientEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session.update'), event_id: eventId, session: SessionPatch }),
  z.object({ type: z.literal('input_audio_buffer.append'), event_id: eventId, audio: z.base64() }),
  z.object({ type: z.literal('input_audio_buffer.commit'), event_id: eventId }),
  z.object({ type: z.literal('input_audio_buffer.clear'), event_id: eventId }),
  z.object({
    type: z.literal('conversation.item.create'),
    event_id: eventId,
    previous_item_id: z.string().nullish(),
    item: NewItem,
  }),
  z.object({
    type: z.literal('conversation.item.truncate'),
    event_id: eventId,
    item_id: z.string(),
    content_index: z.number().int(),
    audio_end_ms: z.number().int().min(0),
  }),
  z.object({ type: z.literal('conversation.item.delete'), event_id: eventId, item_id: z.string() }),
  z.object({ type: z.literal('response.create'), event_id: eventId, response: ResponseOptions.optional() }),
  z.object({ type: z.literal('response.cancel'), event_id: eventId, response_id: z.string().optional() }),
]);
export type ClientEvent = z.infer<typeof ClientEvent>;

/** A valid client event; or the error, and the id of the event that caused it. */
export function readClientEvent(
  message: string | Buffer,
): { ok: true; event: ClientEvent } | { ok: false; complaint: Complaint; eventId: string | undefined } {
  if (typeof message !== 'string') {
    const text = 'Expected a text WebSocket message; binary frames are not supported.';
    return {
      ok: false,
      complaint: { code: 'invalid_event', message: text, param: null },
      eventId: undefined,
    };
  }
  let sent: unknown;
  try {
    sent = JSON.parse(message);
  } catch {
    const complaint = { code: 'invalid_json', message: 'The message is no JSON.', param: null };
    return { ok: false, complaint, eventId: undefined };
  }
  const event = ClientEvent.safeParse(sent);
  if (event.success) return { ok: true, event: event.data };
  const id = z.looseObject({ event_id: z.string() }).safeParse(sent);
  return { ok: false, complaint: complaintOf(event.error, sent), eventId: id.data?.event_id };
}

/** `event_id` is the client event that caused it. */
export interface ProtocolError extends ApiError {
  param: string | null;
  event_id: string | null;
}

export interface ResponseResource {
  object: 'realtime.response';
  id: string;
  /** Null for an out-of-band response. */
  conversation_id: string | null;
  status: 'in_progress' | 'completed' | 'cancelled' | 'failed';
  status_details: object | null;
  output: Item[];
  output_modalities: ('audio' | 'text')[];
  max_output_tokens: number | 'inf';
  audio: { output: { format: { type: 'audio/pcm'; rate: 24_000 }; voice: Voice } };
  metadata: Record<string, string> | null;
  usage: Usage | null;
}

interface InResponse {
  response_id: string;
  output_index: number;
}
interface InItem extends InResponse {
  item_id: string;
}
interface InPart extends InItem {
  content_index: number;
}
type Part = { type: 'audio'; transcript: string } | { type: 'text'; text: string };

interface RateLimit {
  name: 'tokens';
  limit: number;
  remaining: number;
  reset_seconds: number;
}

/** Each gets an `event_id` when it is sent. */
export type ServerEvent =
  | { type: 'error'; error: ProtocolError }
  | { type: 'session.created' | 'session.updated'; session: object }
  | { type: 'input_audio_buffer.speech_started'; audio_start_ms: number; item_id: string }
  | { type: 'input_audio_buffer.speech_stopped'; audio_end_ms: number; item_id: string }
  | { type: 'input_audio_buffer.committed'; previous_item_id: string | null; item_id: string }
  | { type: 'input_audio_buffer.cleared' }
  | {
      type: 'conversation.item.added' | 'conversation.item.done';
      previous_item_id: string | null;
      item: Item;
    }
  | { type: 'conversation.item.deleted'; item_id: string }
  | { type: 'conversation.item.truncated'; item_id: string; content_index: number; audio_end_ms: number }
  | {
      type: 'conversation.item.input_audio_transcription.delta';
      item_id: string;
      content_index: number;
      delta: string;
    }
  | {
      type: 'conversation.item.input_audio_transcription.completed';
      item_id: string;
      content_index: number;
      transcript: string;
      usage: { type: 'duration'; seconds: number };
    }
  | { type: 'response.created' | 'response.done'; response: ResponseResource }
  | { type: 'rate_limits.updated'; rate_limits: RateLimit[] }
  | ({ type: 'response.output_item.added' | 'response.output_item.done'; item: Item } & InResponse)
  | ({ type: 'response.content_part.added' | 'response.content_part.done'; part: Part } & InPart)
  | ({ type: 'response.output_text.delta'; delta: string } & InPart)
  | ({ type: 'response.output_text.done'; text: string } & InPart)
  | ({ type: 'response.output_audio.delta'; delta: string } & InPart)
  | ({ type: 'response.output_audio.done' } & InPart)
  | ({ type: 'response.output_audio_transcript.delta'; delta: string } & InPart)
  | ({ type: 'response.output_audio_transcript.done'; transcript: string } & InPart)
  | ({ type: 'response.function_call_arguments.delta'; call_id: string; delta: string } & InItem)
  | ({
      type: 'response.function_call_arguments.done';
      call_id: string;
      name: string;
      arguments: string;
    } & InItem);
