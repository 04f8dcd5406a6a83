/**
 * The server side of the OpenAI Realtime protocol, in text, for tests: a script decides what it says and calls, and it can
 * disconnect and return at any moment.
 */
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { type FakeItem, type FakeTool, Received } from './fake-protocol.ts';
import { type Turn, endOf, outOfBandSpeech } from './fake-turn.ts';
import { type HttpAnswer, httpAnswer } from './http-answer.ts';

export type { Turn } from './fake-turn.ts';

const ANSWER_MS = 20;

export class FakeModel {
  decide: (items: readonly FakeItem[], instructions: string) => Turn = () => ({ say: 'Yes.' });
  /** A set of tools with such a name is rejected as a whole. */
  refusesTool: (name: string) => boolean = () => false;
  acknowledges = true;
  /** The HTTP response to a dial instead of a connection. */
  refusal: HttpAnswer | null = null;
  /** What a new connection gets in the packet of the handshake before it is closed; null for a normal one. */
  farewell: { event?: object; code: number; reason?: string } | null = null;
  /** The error with which settings and changed instructions are rejected. */
  rejectsSettings: object | null = null;
  /** Each response begins with an item of a type that the plugin does not know. */
  reasons = false;
  /** The form in which `session.updated` repeats a tool. */
  writesBack: (tool: FakeTool) => object = (tool) => tool;
  namesEvents = true;
  /** Responses to session updates that are held back; null while none are. */
  late: (() => void)[] | null = null;
  readonly received: Received[] = [];
  items: FakeItem[] = [];
  tools: FakeTool[] = [];
  connections = 0;
  dials = 0;
  /** An out-of-band response says its last word when this resolves. */
  lastWord: Promise<void> = Promise.resolve();
  /** Ids of responses that were canceled by id. */
  readonly cancelled: string[] = [];
  refusals = 0;
  #http: Server | null = null;
  #sockets = new Set<WebSocket>();
  #port = 0;
  #ids = 0;
  #isAnswering = false;
  #send: (event: object) => void = () => {};

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Listens on a free port, or on the one that it had. */
  async start(): Promise<void> {
    const http = createServer((_request, response) => response.writeHead(404).end());
    const sockets = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      this.dials += 1;
      if (this.refusal) {
        socket.end(httpAnswer(this.refusal));
        return;
      }
      // What is written before the next tick is one packet with the handshake.
      socket.cork();
      sockets.handleUpgrade(request, socket, head, (ws) => this.#serve(ws));
      process.nextTick(() => socket.uncork());
    });
    http.listen(this.#port, '127.0.0.1');
    await once(http, 'listening');
    this.#port = (http.address() as AddressInfo).port;
    this.#http = http;
  }

  /** Takes a port without answering on it. */
  async reserve(): Promise<void> {
    await this.start();
    await this.stop();
  }

  /** Drops every connection and stops listening. */
  async stop(): Promise<void> {
    this.drop();
    const http = this.#http;
    this.#http = null;
    if (!http) return;
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }

  /** Drops every connection; new ones are welcome. */
  drop(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** The user speaks: the turn is heard, and written down; `late`: after it was answered, as the API does it. */
  hear(transcript: string, { late = false } = {}): void {
    const item = { id: this.#id('item'), type: 'message', role: 'user', content: [] };
    this.#send({ type: 'input_audio_buffer.speech_started', item_id: item.id });
    this.#send({ type: 'input_audio_buffer.speech_stopped', item_id: item.id });
    this.#add(item, this.#send);
    const type = 'conversation.item.input_audio_transcription.completed';
    const transcribed = { type, item_id: item.id, content_index: 0, transcript };
    if (!late) return this.#send(transcribed);
    this.answer();
    setTimeout(this.#send, 5 * ANSWER_MS, transcribed);
  }

  /** Answers the user by itself, as after a turn that it heard. */
  answer(): void {
    this.#respond({ type: 'response.create' }, this.#send);
  }

  texts(role: string): string[] {
    return this.items
      .filter((item) => item.type === 'message' && item.role === role)
      .map((item) => (item.content ?? []).map(({ text }) => text ?? '').join(''));
  }

  #serve(socket: WebSocket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    this.items = [];
    this.tools = [];
    this.#isAnswering = false;
    const send = (event: object) => socket.send(JSON.stringify({ event_id: this.#id('event'), ...event }));
    this.#send = send;
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('message', (data: RawData) => {
      const event = Received.parse(JSON.parse((data as Buffer).toString()));
      this.received.push(event);
      this.#answer(event, send);
    });
    if (this.farewell) {
      const { event, code, reason } = this.farewell;
      if (event) send(event);
      return socket.close(code, reason);
    }
    send({ type: 'session.created', session: {} });
  }

  #answer(event: Received, send: (event: object) => void): void {
    if (event.type === 'session.update') return this.#update(event, send);
    if (event.type === 'conversation.item.create' && event.item) return this.#create(event, event.item, send);
    if (event.type === 'response.create') return this.#respond(event, send);
    if (event.type === 'response.cancel') this.#cancel(event);
    if (event.type === 'conversation.item.delete') return this.#delete(event, send);
  }

  #update(event: Received, sendNow: (event: object) => void): void {
    const send = (answer: object) => {
      if (this.late) this.late.push(() => sendNow(answer));
      else sendNow(answer);
    };
    const { tools, audio, instructions } = event.session ?? {};
    if (this.rejectsSettings && (audio ?? instructions) !== undefined) {
      const error = { type: 'invalid_request_error', ...this.rejectsSettings, event_id: event.event_id };
      return send({ type: 'error', error });
    }
    const refused = tools?.findIndex(({ name }) => this.refusesTool(name)) ?? -1;
    if (refused >= 0) {
      const param = `session.tools[${refused}].name`;
      send({
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'no',
          param,
          event_id: this.namesEvents ? event.event_id : null,
        },
      });
      return;
    }
    if (tools) this.tools = tools;
    if (this.acknowledges)
      send({ type: 'session.updated', session: { instructions, tools: this.tools.map(this.writesBack) } });
  }

  #create(event: Received, item: FakeItem, send: (event: object) => void): void {
    const isOrphan =
      item.type === 'function_call_output' && !this.items.some(({ call_id }) => call_id === item.call_id);
    const before = event.previous_item_id;
    const isLost = before !== undefined && !this.items.some(({ id }) => id === before);
    if (isOrphan || isLost) {
      const message = isOrphan ? 'no such call' : 'no such previous item';
      return this.#refuse(event, { message }, send);
    }
    this.#add({ ...item, id: item.id ?? this.#id('item') }, send, before);
  }

  #refuse({ event_id }: Received, fault: object, send: (event: object) => void): void {
    send({ type: 'error', error: { type: 'invalid_request_error', ...fault, event_id } });
  }

  #delete(event: Received, send: (event: object) => void): void {
    const { item_id } = event;
    const at = this.items.findIndex(({ id }) => id === item_id);
    if (at < 0) return this.#refuse(event, { message: 'no such item' }, send);
    this.items.splice(at, 1);
    send({ type: 'conversation.item.deleted', item_id });
  }

  #add(item: FakeItem, send: (event: object) => void, before = this.items.at(-1)?.id): void {
    const at = this.items.findIndex(({ id }) => id === before) + 1;
    this.items.splice(at, 0, item);
    send({ type: 'conversation.item.added', previous_item_id: before ?? null, item });
  }

  #cancel({ response_id: id }: Received): void {
    if (!id) return void (this.#isAnswering = false);
    this.cancelled.push(id);
    this.#send({ type: 'response.done', response: { id, status: 'cancelled' } });
  }

  #respond(event: Received, send: (event: object) => void): void {
    if (event.response?.conversation === 'none') return void this.#respondOutOfBand(event, send);
    if (this.#isAnswering) {
      this.refusals += 1;
      const code = 'conversation_already_has_active_response';
      return this.#refuse(event, { code, message: 'no' }, send);
    }
    const response = { id: this.#id('response'), metadata: event.response?.metadata ?? null };
    const turn = this.decide(this.items, event.response?.instructions ?? '');
    if ('silence' in turn) return;
    send({ type: 'response.created', response });
    if ('stall' in turn) return;
    if (this.reasons) this.#add({ id: this.#id('item'), type: 'reasoning' }, send);
    if ('say' in turn && turn.say !== undefined) this.#say(turn.say, response.id, send);
    if ('call' in turn) this.#call(turn, response.id, send);
    if ('calls' in turn) {
      if (turn.preamble) this.#say(turn.preamble, response.id, send);
      for (const call of turn.calls) this.#call(call, response.id, send);
    }
    // What is asked in the same breath comes while this answer is still given.
    this.#isAnswering = true;
    setTimeout(() => {
      this.#isAnswering = false;
      send({ type: 'response.done', response: { ...response, ...endOf(turn) } });
    }, ANSWER_MS);
  }

  /** Beside any other response, from nothing but the instructions, and without a trace in the conversation. */
  async #respondOutOfBand({ response: asked }: Received, send: (event: object) => void): Promise<void> {
    const response = { id: this.#id('response'), metadata: asked?.metadata ?? null };
    const turn = this.decide([], asked?.instructions ?? '');
    const [before, after] = outOfBandSpeech(response, this.#id('item'), 'say' in turn ? turn.say : '');
    before.forEach(send);
    await this.lastWord;
    after.forEach(send);
  }

  #say(text: string, responseId: string, send: (event: object) => void): void {
    const item = {
      id: this.#id('item'),
      type: 'message',
      role: 'assistant',
      content: [] as { type: string; text: string }[],
    };
    const place = { response_id: responseId, item_id: item.id, output_index: 0, content_index: 0 };
    send({ type: 'response.output_item.added', response_id: responseId, output_index: 0, item });
    this.#add(item, send);
    send({ type: 'response.content_part.added', ...place, part: { type: 'text', text: '' } });
    send({ type: 'response.output_text.delta', ...place, delta: text });
    send({ type: 'response.output_text.done', ...place, text });
    item.content.push({ type: 'output_text', text });
    send({ type: 'response.output_item.done', response_id: responseId, output_index: 0, item });
  }

  #call(turn: Extract<Turn, { call: string }>, responseId: string, send: (event: object) => void): void {
    const item = {
      id: this.#id('item'),
      type: 'function_call',
      call_id: this.#id('call'),
      name: turn.call,
      arguments: '',
    };
    send({ type: 'response.output_item.added', response_id: responseId, output_index: 0, item });
    this.#add(item, send);
    const done = { ...item, arguments: turn.arguments, status: turn.isCut ? 'incomplete' : 'completed' };
    this.items[this.items.findIndex(({ id }) => id === item.id)] = done;
    send({ type: 'response.output_item.done', response_id: responseId, output_index: 0, item: done });
  }

  #id(kind: string): string {
    this.#ids += 1;
    return `${kind}_${this.#ids}`;
  }
}
