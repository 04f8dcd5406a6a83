/** Rewrites the events of a stream one by one, in a form that the SDK's parser accepts. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import { classify } from '../messages/classify.ts';
import { EventParser, type ServerEvent } from './event-parser.ts';

/** A stream is read no faster, so that a flood of events leaves time for everything else. */
const CHARS_PER_SECOND = 16 * 1024 * 1024;
/** What an event counts as on top of its characters: most of its cost is not its length. */
const EVENT_CHARS = 2_000;
/** How far a stream may be ahead of that rate: no single response waits. */
const BURST_CHARS = 16 * 1024 * 1024;
/** A longer wait before a stream is opened again is not the server's to ask for; timers can't hold much longer ones. */
const MAX_RETRY_MS = 60_000;

export interface EventRewriter {
  charset: string;
  /** Most characters of one event. */
  maxEventChars: number;
  /**
   * Returns the events that replace an event; `isCut` when the stream ended before the blank line after it.
   * What it throws ends the stream.
   */
  rewrite: (event: ServerEvent, isCut: boolean) => ServerEvent[];
  /** Called with the number of characters that are held of an event that has not ended. What it throws ends the stream. */
  onHeld?: (chars: number) => void;
  /** Called at a regular end, or with the error for an event beyond the limit; not for a broken or canceled stream. */
  onEnd: (error: AppError | null) => void;
}

/**
 * Turns any line ends (LF, CRLF, CR, also split between chunks) into LF and any charset into UTF-8. The last event counts
 * even without the blank line after it. Comments are dropped. A body of plain JSON counts as one event.
 */
export function rewriteEventStream(
  source: ReadableStream<Uint8Array>,
  { charset, maxEventChars, rewrite, onHeld, onEnd }: EventRewriter,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder(charset);
  const encoder = new TextEncoder();
  const unify = lineFeeds();
  const pace = new Pace();
  let isOver = false;
  /** Null until the first character that is no white space, which tells events from a body of plain JSON. */
  let isJson: boolean | null = null;
  let json = '';
  let controller: TransformStreamDefaultController<Uint8Array>;
  const pass = (text: string) => controller.enqueue(encoder.encode(text));
  const passEvent = (event: ServerEvent) => {
    pace.spend(EVENT_CHARS);
    pass(rewrite(event, isOver).map(writeEvent).join(''));
  };
  const parser = new EventParser({
    maxEventChars,
    onEvent: passEvent,
    onRetry: (ms) => pass(`retry: ${Math.min(ms, MAX_RETRY_MS)}\n\n`),
  });
  const feed = (text: string) => {
    pace.spend(text.length);
    isJson ??= text.trim() === '' ? null : /^\s*[{[]/.test(text);
    if (isJson) json += text;
    else parser.feed(text);
    const held = json.length + parser.held;
    if (held > maxEventChars) throw new AppError('response_too_large');
    onHeld?.(held);
  };
  /** An event beyond the limit ends the stream with its error. */
  const guard = (step: () => void) => {
    try {
      step();
    } catch (failure) {
      const error = classify(failure);
      onEnd(error);
      throw error;
    }
  };
  return source.pipeThrough(
    new TransformStream({
      start: (started) => {
        controller = started;
      },
      transform: async (chunk) => {
        guard(() => feed(unify(decoder.decode(chunk, { stream: true }))));
        await pace.keep();
      },
      flush: () => {
        guard(() => {
          feed(unify(decoder.decode()));
          isOver = true;
          if (json !== '') passEvent({ id: undefined, event: undefined, data: json });
          parser.feed('\n\n');
        });
        onEnd(null);
      },
    }),
  );
}

/** Keeps a stream to its rate. */
class Pace {
  #spent = 0;
  #fromMs = performance.now();

  spend(chars: number): void {
    this.#spent += chars;
  }

  /** Waits while the stream is too far ahead. */
  async keep(): Promise<void> {
    const passedMs = performance.now() - this.#fromMs;
    this.#fromMs += passedMs;
    this.#spent = Math.max(0, this.#spent - (passedMs * CHARS_PER_SECOND) / 1_000);
    const aheadMs = ((this.#spent - BURST_CHARS) * 1_000) / CHARS_PER_SECOND;
    if (aheadMs > 0) await delay(aheadMs);
  }
}

/** Turns all line ends into LF; a CR at the end of a chunk and the LF at the beginning of the next are one. */
function lineFeeds(): (text: string) => string {
  let endedWithCr = false;
  return (text) => {
    const rest = endedWithCr && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') endedWithCr = text.endsWith('\r');
    return rest.replaceAll(/\r\n?/g, '\n');
  };
}

function writeEvent({ id, event, data }: ServerEvent): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...data.split('\n').map((line) => `data: ${line}`),
  ];
  return `${lines.join('\n')}\n\n`;
}
