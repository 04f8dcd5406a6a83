import { once } from 'node:events';
import { WebSocket } from 'ws';
import { z } from 'zod';

export interface ModelAddress {
  /** Such as https://api.openai.com/v1. */
  url: string;
  key: string;
  model: string;
}

const Content = z.looseObject({ text: z.string().nullish(), transcript: z.string().nullish() });
const OutputItem = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  call_id: z.string().optional(),
  arguments: z.string().optional(),
  content: z.array(Content).optional(),
});
const Done = z.object({
  type: z.literal('response.done'),
  response: z.looseObject({
    status: z.string(),
    output: z.array(OutputItem).default([]),
    status_details: z.unknown().optional(),
  }),
});
const ServerEvent = z.looseObject({ type: z.string(), error: z.unknown().optional() });

export interface Call {
  name: string;
  callId: string;
  args: Record<string, unknown>;
}

export interface Reply {
  said: string;
  calls: Call[];
}

const ANSWER_WITHIN_MS = 60_000;
const Arguments = z.record(z.string(), z.unknown()).catch({});

export class RealtimeClient {
  readonly #socket: WebSocket;
  readonly #events: z.infer<typeof ServerEvent>[] = [];
  #wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#events.push(ServerEvent.parse(JSON.parse(data.toString())));
      this.#wake();
    });
  }

  /** @throws Error if the model can't be reached or rejects the key */
  static async connect({ url, key, model }: ModelAddress): Promise<RealtimeClient> {
    const address = `${url.replace(/^http/, 'ws')}/realtime?model=${encodeURIComponent(model)}`;
    const socket = new WebSocket(address, { headers: { authorization: `Bearer ${key}` } });
    const client = new RealtimeClient(socket);
    await once(socket, 'open', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return client;
  }

  /** Sets instructions and tools; resolves when the model has them. */
  async configure(session: { instructions: string; tools: readonly object[] }): Promise<void> {
    this.#send({
      type: 'session.update',
      session: { type: 'realtime', output_modalities: ['text'], tool_choice: 'auto', ...session },
    });
    await this.#next('session.updated');
  }

  notify(line: string): void {
    this.#addItem({ type: 'message', role: 'system', content: [{ type: 'input_text', text: line }] });
  }

  ask(text: string): Promise<Reply> {
    this.#addItem({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
    return this.#respond();
  }

  /** Hands over what tools answered. */
  answer(outputs: readonly { callId: string; output: string }[]): Promise<Reply> {
    for (const { callId, output } of outputs)
      this.#addItem({ type: 'function_call_output', call_id: callId, output });
    return this.#respond();
  }

  close(): void {
    this.#socket.terminate();
  }

  async #respond(): Promise<Reply> {
    this.#send({ type: 'response.create' });
    const { response } = Done.parse(await this.#next('response.done'));
    if (response.status !== 'completed')
      throw new Error(`the model gave no answer: ${JSON.stringify(response.status_details)}`);
    const said = response.output.flatMap(({ content = [] }) =>
      content.map(({ text, transcript }) => text ?? transcript ?? ''),
    );
    const calls = response.output.flatMap(({ type, name, call_id, arguments: args = '{}' }) =>
      type === 'function_call' && name && call_id ? [{ name, callId: call_id, args: argumentsOf(args) }] : [],
    );
    return { said: said.join(' '), calls };
  }

  #addItem(item: object): void {
    this.#send({ type: 'conversation.item.create', item });
  }

  #send(event: object): void {
    this.#socket.send(JSON.stringify(event));
  }

  /** @throws Error if the model reports an error or sends nothing for a minute */
  async #next(type: string): Promise<unknown> {
    const patience = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const aborted = new Promise<never>((_resolve, reject) => {
      patience.addEventListener('abort', () => reject(new Error(`the model sent no ${type}`)));
    });
    for (;;) {
      while (this.#events.length > 0) {
        const event = this.#events.shift();
        if (event?.type === 'error') throw new Error(`the model reports ${JSON.stringify(event.error)}`);
        if (event?.type === type) return event;
      }
      await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), aborted]);
    }
  }
}

/** A model may write invalid JSON. */
function argumentsOf(text: string): Record<string, unknown> {
  try {
    return Arguments.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
