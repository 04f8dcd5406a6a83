import type { Hearing } from '../speech/hear.ts';
import { SPEECH_RATE_HZ } from '../speech/speak.ts';
import { Conversation } from './reply/conversation.ts';
import { Ear } from './turns/ear.ts';
import {
  readClientEvent,
  type ClientEvent,
  type ProtocolError,
  type ServerEvent,
} from './protocol/events.ts';
import type { Faults } from './faults.ts';
import type { Item } from './protocol/items.ts';
import { isReasoningModel } from './protocol/model-traits.ts';
import { decideReply, type Output } from './reply/reply.ts';
import type { ResponseOptions } from './protocol/response-options.ts';
import { Responses } from './reply/responses.ts';
import { applyPatch, formerTools, initialSettings, type SessionSettings } from './protocol/settings.ts';
import { Transcripts } from './turns/transcripts.ts';
import type { TurnEvent } from './turns/turn-detection.ts';
import { countInput, type InputTokens } from './protocol/usage.ts';
import type { Complaint } from './protocol/complaint.ts';
import type { SessionPatch, Tool } from './protocol/validate.ts';
import type { Voice } from './protocol/voices.ts';

export interface SessionOptions {
  model: string;
  hearing: Hearing;
  send: (event: ServerEvent) => void;
  log: (line: string) => void;
  newId: (kind: string) => string;
  nowMs: () => number;
  faults: Faults;
  /** Ends the connection without a close frame. */
  loseConnection: () => void;
}

/** As in `GET /v1/sessions`. */
export interface SessionFacts {
  id: string;
  model: string;
  reasoning: unknown;
  voice: Voice;
  input: SessionSettings['audio']['input'];
  instructions: string;
  tools: Tool[];
  tool_updates: { accepted: number; rejected: number };
  items: number;
  is_speaking: boolean;
  connected_at: string;
}

/** Shorter sound without a word counts as a cough. */
const COUGH_MS = 400;

/** One client's connection; one response at a time. `receive` takes raw messages; `send` gets every event. */
export class Session {
  readonly id: string;
  #options: SessionOptions;
  readonly #toolUpdates = { accepted: 0, rejected: 0 };
  #settings: SessionSettings;
  #conversation: Conversation;
  #responses: Responses;
  #transcripts: Transcripts;
  #formerTools: Tool[] = [];
  #ear: Ear;
  #turnItemId: string | undefined;
  #hasSpoken = false;
  #heardSinceMs = 0;
  #connectedAt: string;

  constructor(options: SessionOptions) {
    this.id = options.newId('sess');
    this.#options = options;
    this.#settings = initialSettings(this.id, options.model);
    this.#conversation = new Conversation(options.newId('conv'), () => options.newId('item'));
    this.#responses = new Responses({
      conversation: this.#conversation,
      settings: () => this.#settings,
      decide: (wanted, items) => this.#decide(wanted, items),
      countInput: (wanted, items) => this.#countInput(wanted, items),
      send: options.send,
      newId: options.newId,
      log: (line) => options.log(`${this.id} ${line}`),
      faults: options.faults,
      loseConnection: options.loseConnection,
    });
    this.#transcripts = new Transcripts(options.send);
    this.#connectedAt = new Date(options.nowMs()).toISOString();
    this.#ear = new Ear(options.hearing);
    this.#ear.setDetection(this.#settings.audio.input.turn_detection);
    options.send({ type: 'session.created', session: this.#settings });
  }

  get facts(): SessionFacts {
    const { model, reasoning, instructions, tools, audio } = this.#settings;
    return {
      id: this.id,
      model,
      reasoning,
      voice: audio.output.voice,
      input: audio.input,
      instructions,
      tools,
      tool_updates: { ...this.#toolUpdates },
      items: this.#conversation.items.length,
      is_speaking: this.#responses.isBusy,
      connected_at: this.#connectedAt,
    };
  }

  get sentences(): string[] {
    return this.#ear.sentences;
  }

  /** Handles a message of the client. An invalid one gets an `error` event and has no effect. */
  receive(message: string | Buffer): void {
    const read = readClientEvent(message);
    if (read.ok) this.#dispatch(read.event, read.event.event_id);
    else this.#complain(read.complaint, read.eventId);
  }

  close(): void {
    this.#responses.abandon();
    this.#transcripts.stop();
  }

  #dispatch(event: ClientEvent, eventId: string | undefined): void {
    const { send } = this.#options;
    switch (event.type) {
      case 'session.update':
        return this.#update(event.session, eventId);
      case 'input_audio_buffer.append':
        return this.#ear.push(decodePcm(event.audio)).forEach((turn) => this.#onTurn(turn));
      case 'input_audio_buffer.commit':
        return this.#commit(eventId);
      case 'input_audio_buffer.clear':
        this.#ear.clear();
        this.#turnItemId = undefined;
        return send({ type: 'input_audio_buffer.cleared' });
      case 'conversation.item.create': {
        const created = this.#conversation.create(event.item, event.previous_item_id);
        if (!created.ok) return this.#complain(created.complaint, eventId);
        const { item, previousId } = created.value;
        send({ type: 'conversation.item.added', previous_item_id: previousId, item });
        return send({ type: 'conversation.item.done', previous_item_id: previousId, item });
      }
      case 'conversation.item.truncate': {
        const { item_id, content_index, audio_end_ms } = event;
        const truncated = this.#conversation.truncate(item_id, audio_end_ms);
        if (!truncated.ok) return this.#complain(truncated.complaint, eventId);
        return send({ type: 'conversation.item.truncated', item_id, content_index, audio_end_ms });
      }
      case 'conversation.item.delete': {
        const { item_id } = event;
        const deleted = this.#conversation.delete(item_id);
        return deleted.ok
          ? send({ type: 'conversation.item.deleted', item_id })
          : this.#complain(deleted.complaint, eventId);
      }
      case 'response.create':
        return this.#respond(event.response ?? {}, eventId);
      case 'response.cancel':
        return this.#complainOf(this.#responses.cancel(event.response_id), eventId);
    }
  }

  #update(patch: SessionPatch, eventId: string | undefined): void {
    const broken = this.#options.faults.take('update_rejected');
    if (broken) return this.#refuse({ ...broken.error, param: broken.param ?? null }, eventId);
    const applied = applyPatch(this.#settings, patch, { hasSpoken: this.#hasSpoken });
    if (patch.tools) this.#toolUpdates[applied.ok ? 'accepted' : 'rejected'] += 1;
    if (!applied.ok) return this.#complain(applied.complaint, eventId);
    const before = this.#settings;
    this.#settings = applied.settings;
    const { tools, audio } = this.#settings;
    if (patch.audio?.input && 'turn_detection' in patch.audio.input) {
      this.#ear.setDetection(audio.input.turn_detection);
    }
    if (patch.tools) {
      this.#formerTools = formerTools(this.#formerTools, before.tools, tools);
      this.#ear.setTools(tools, this.#formerTools);
      const names = tools.map((tool) => tool.name).join(', ');
      this.#options.log(`${this.id} holds ${tools.length} tools${names && `: ${names}`}`);
    }
    this.#options.send({ type: 'session.updated', session: this.#settings });
  }

  #onTurn(event: TurnEvent): void {
    const detection = this.#settings.audio.input.turn_detection;
    this.#turnItemId ??= this.#options.newId('item');
    const item_id = this.#turnItemId;
    if (event.type === 'started') {
      const audio_start_ms = event.audioStartMs;
      this.#options.send({ type: 'input_audio_buffer.speech_started', audio_start_ms, item_id });
      if (detection?.interrupt_response !== false) this.#responses.interrupt('turn_detected');
      return this.#ear.prepare();
    }
    this.#turnItemId = undefined;
    this.#options.send({
      type: 'input_audio_buffer.speech_stopped',
      audio_end_ms: event.audioEndMs,
      item_id,
    });
    const words = this.#take(event.pcm, item_id);
    const isCough = !words && event.loudMs < COUGH_MS;
    if (detection?.create_response !== false && !isCough && !this.#responses.isBusy)
      this.#respond({}, undefined);
  }

  #commit(eventId: string | undefined): void {
    const pcm = this.#ear.takeUncommitted();
    if (pcm.length < SPEECH_RATE_HZ / 10) {
      const message =
        'Error committing input audio buffer: buffer too small. Expected at least 100ms of audio.';
      return this.#complain({ code: 'input_audio_buffer_commit_empty', message, param: null }, eventId);
    }
    this.#take(pcm, this.#options.newId('item'));
  }

  #take(pcm: Int16Array, item_id: string): string {
    const { send, log } = this.#options;
    const item: Item = {
      id: item_id,
      object: 'realtime.item',
      type: 'message',
      role: 'user',
      status: 'completed',
      content: [{ type: 'input_audio', transcript: null }],
    };
    const previous_item_id = this.#conversation.append(item);
    send({ type: 'input_audio_buffer.committed', previous_item_id, item_id });
    send({ type: 'conversation.item.added', previous_item_id, item });
    send({ type: 'conversation.item.done', previous_item_id, item });
    const transcript = this.#ear.understand(pcm);
    const seconds = pcm.length / SPEECH_RATE_HZ;
    this.#heardSinceMs += 1000 * seconds;
    log(
      `${this.id} heard ${transcript ? `"${transcript}"` : 'no words that it knows'} (${seconds.toFixed(1)} s)`,
    );
    this.#conversation.replace({ ...item, content: [{ type: 'input_audio', transcript }] });
    if (this.#settings.audio.input.transcription) this.#transcripts.write(item_id, transcript, seconds);
    return transcript;
  }

  #respond(options: ResponseOptions, eventId: string | undefined): void {
    const complaint = this.#responses.create(options);
    this.#hasSpoken ||= !complaint;
    this.#complainOf(complaint, eventId);
  }

  #decide(options: ResponseOptions, items: readonly Item[]): Output[] {
    const { model, tools, tool_choice, parallel_tool_calls, instructions } = this.#settings;
    const reasons = isReasoningModel(model);
    const outputs = decideReply({
      items,
      tools: options.tools ?? tools,
      formerTools: this.#formerTools,
      sessionInstructions: instructions,
      responseInstructions: options.instructions,
      toolChoice: options.tool_choice ?? tool_choice,
      sentences: this.#ear.sentences,
      reasons,
      callsInParallel: reasons && (options.parallel_tool_calls ?? parallel_tool_calls),
    });
    for (const output of outputs) {
      if (output.kind === 'say') this.#options.log(`${this.id} speaks`);
      if (output.kind === 'call') this.#options.log(`${this.id} calls ${output.name}`);
    }
    return outputs;
  }

  #countInput(options: ResponseOptions, items: readonly Item[]): InputTokens {
    const { instructions, tools } = { ...this.#settings, ...options };
    // A response with its own input ignores the conversation.
    const heardMs = options.input ? 0 : this.#heardSinceMs;
    if (!options.input) this.#heardSinceMs = 0;
    return countInput([instructions, tools, items], heardMs);
  }

  #complainOf(complaint: Complaint | undefined, eventId: string | undefined): void {
    if (complaint) this.#complain(complaint, eventId);
  }

  #complain(complaint: Complaint, eventId: string | undefined): void {
    this.#refuse({ type: 'invalid_request_error', ...complaint }, eventId);
  }

  #refuse(error: Omit<ProtocolError, 'event_id'>, eventId: string | undefined): void {
    this.#options.log(`${this.id} refuses${eventId ? ` ${eventId}` : ''}: ${error.message}`);
    this.#options.send({ type: 'error', error: { ...error, event_id: eventId ?? null } });
  }
}

function decodePcm(base64: string): Int16Array {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64')); // a copy: the pool's offset may be odd
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}
