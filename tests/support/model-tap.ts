/** A proxy between a worker and the rehearsal model that records messages, without audio. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { runningStack } from './running-stack.ts';

const TappedEvent = z.looseObject({
  type: z.string(),
  item: z
    .looseObject({ type: z.string(), name: z.string().optional(), output: z.string().optional() })
    .optional(),
  session: z.looseObject({ tools: z.array(z.object({ name: z.string() })).optional() }).optional(),
  response: z
    .looseObject({
      id: z.string().optional(),
      conversation: z.string().optional(),
      instructions: z.string().optional(),
      metadata: z.record(z.string(), z.string()).nullish(),
      usage: z.object({ input_tokens: z.number() }).nullish(),
    })
    .nullish(),
});
export type TappedEvent = z.infer<typeof TappedEvent> & { from: 'worker' | 'model' };

export interface TappedResponse {
  isOutOfBand: boolean;
  instructions: string;
  inputTokens: number;
}

const SOUND = new Set(['input_audio_buffer.append', 'response.output_audio.delta']);

export class ModelTap {
  readonly events: TappedEvent[] = [];
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' });

  static async open(): Promise<ModelTap> {
    const tap = new ModelTap();
    tap.#server.on('connection', (near, { url }) => tap.#join(near, url ?? ''));
    await once(tap.#server, 'listening');
    return tap;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** What the worker sent, from an index of `events` on. */
  sent(type: string, from = 0): TappedEvent[] {
    return this.events.slice(from).filter((event) => event.from === 'worker' && event.type === type);
  }

  /** The responses that the worker asked for and that ended, from an index of `events` on, in the order of their ends. */
  responses(from = 0): TappedResponse[] {
    const asked = new Map(
      this.sent('response.create', from).map(({ response }) => [
        response?.metadata?.['client_event_id'],
        response,
      ]),
    );
    return this.events.slice(from).flatMap(({ type, response }) => {
      const request = asked.get(response?.metadata?.['client_event_id']);
      if (type !== 'response.done' || !response?.usage) return [];
      return [
        {
          isOutOfBand: request?.conversation === 'none',
          instructions: request?.instructions ?? '',
          inputTokens: response.usage.input_tokens,
        },
      ];
    });
  }

  async close(): Promise<void> {
    for (const near of this.#server.clients) near.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: WebSocket, url: string): void {
    const target = new URL(url, runningStack().model_url);
    target.protocol = 'ws:';
    const far = new WebSocket(target, { headers: { Authorization: 'Bearer rehearsal' } });
    const opened = once(far, 'open');
    near.on('message', (data: RawData) => {
      this.#note('worker', data);
      void opened.then(() => far.send(textOf(data)));
    });
    far.on('message', (data: RawData) => {
      this.#note('model', data);
      near.send(textOf(data));
    });
    near.on('close', () => far.close());
    far.on('close', () => near.close());
    far.on('error', () => near.terminate());
  }

  #note(from: TappedEvent['from'], data: RawData): void {
    const event = TappedEvent.parse(JSON.parse(textOf(data)));
    if (!SOUND.has(event.type)) this.events.push({ ...event, from });
  }
}

function textOf(data: RawData): string {
  return (data as Buffer).toString();
}
