import { WebSocket } from 'ws';
import { z } from 'zod';

const ServerEvent = z.looseObject({ type: z.string(), event_id: z.string() });
export type ServerEvent = z.infer<typeof ServerEvent>;

/** Keeps received events in order, and waits for the next event of a type. */
export class ProtocolClient {
  readonly ws: WebSocket;
  events: ServerEvent[] = [];
  #taken = 0;
  #wake: () => void = () => undefined;

  constructor(url: string, model: string) {
    const address = `${url.replace('http', 'ws')}/realtime?model=${model}`;
    this.ws = new WebSocket(address, { headers: { authorization: 'Bearer any' } });
    this.ws.on('message', (message: Buffer) => {
      this.events.push(ServerEvent.parse(JSON.parse(message.toString())));
      this.#wake();
    });
  }

  send(event: object): void {
    this.ws.send(JSON.stringify(event));
  }

  /** Waits for the next event of this type after those already returned. */
  async next(type: string): Promise<ServerEvent> {
    for (;;) {
      const at = this.events.findIndex((event, n) => n >= this.#taken && event.type === type);
      const found = this.events[at];
      if (found) {
        this.#taken = at + 1;
        return found;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  update(session: object, event_id?: string): void {
    this.send({ type: 'session.update', event_id, session: { type: 'realtime', ...session } });
  }

  ask(text: string): void {
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
    this.send({ type: 'conversation.item.create', item });
    this.send({ type: 'response.create' });
  }

  /** Sends sound in pieces of 100 ms like a microphone, but all at once. */
  hear(pcm: Int16Array): void {
    for (let at = 0; at < pcm.length; at += 2400) {
      const part = pcm.slice(at, at + 2400);
      this.send({ type: 'input_audio_buffer.append', audio: Buffer.from(part.buffer).toString('base64') });
    }
  }

  typesSince(type: string): string[] {
    return this.events
      .slice(this.events.findIndex((event) => event.type === type))
      .map((event) => event.type);
  }
}

/** Returns a client whose session has these settings. */
export async function connect(
  url: string,
  session: object = {},
  model = 'gpt-realtime',
): Promise<ProtocolClient> {
  const client = new ProtocolClient(url, model);
  await client.next('session.created');
  client.update(session);
  await client.next('session.updated');
  return client;
}
