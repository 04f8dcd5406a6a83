/**
 * Reads the events of a text stream (HTML standard, 9.2.6), with an exact limit on what is held of one. The library that
 * the SDK uses makes an error for each unknown line and joins the lines of an event one by one: 8 MB of short lines cost
 * it a minute or hundreds of megabytes.
 */
import { AppError } from '../../contract/errors.ts';

export interface ServerEvent {
  id: string | undefined;
  event: string | undefined;
  data: string;
}

export interface EventParserOptions {
  /** Most characters of one event, each line counted with `LINE_COST` on top. */
  maxEventChars: number;
  onEvent: (event: ServerEvent) => void;
  /** Milliseconds that the server wants a client to wait before it reconnects. */
  onRetry: (ms: number) => void;
}

/** What a line costs beyond its characters, in memory. */
const LINE_COST = 32;

export class EventParser {
  readonly #options: EventParserOptions;
  /** The beginning of a line whose end has not come yet. */
  #rest = '';
  #data: string[] = [];
  #id: string | undefined;
  #event: string | undefined;
  #held = 0;

  constructor(options: EventParserOptions) {
    this.#options = options;
  }

  /** Characters that are held of the event that has not ended yet. */
  get held(): number {
    return this.#held + this.#rest.length;
  }

  /**
   * Reads the next piece of text, in which lines end with LF.
   * @throws AppError `response_too_large` for an event beyond the limit
   */
  feed(text: string): void {
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#readLine(this.#rest + text.slice(from, end));
      this.#rest = '';
      from = end + 1;
    }
    this.#rest += text.slice(from);
    this.#limit();
  }

  #readLine(line: string): void {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    // A comment.
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value || undefined;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) return this.#options.onRetry(Number(value));
    else return;
    this.#held += line.length + LINE_COST;
    this.#limit();
  }

  #dispatch(): void {
    const [id, event, data] = [this.#id, this.#event, this.#data];
    this.#data = [];
    this.#id = undefined;
    this.#event = undefined;
    this.#held = 0;
    if (data.length > 0) this.#options.onEvent({ id, event, data: data.join('\n') });
  }

  #limit(): void {
    if (this.held > this.#options.maxEventChars) throw new AppError('response_too_large');
  }
}
