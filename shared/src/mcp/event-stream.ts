/** Rewrites the events of a stream one by one, in a form that the SDK's parser accepts. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { AppError } from '../errors.ts';

export interface EventRewriter {
  charset: string;
  /** Most characters of one event. */
  maxEventChars: number;
  /**
   * Returns the events that replace an event; `isCut` when the stream ended before the blank line after it.
   */
  rewrite: (event: EventSourceMessage, isCut: boolean) => EventSourceMessage[];
  /** Called at a regular end, or with the error for an event beyond the limit; not for a broken or canceled stream. */
  onEnd: (error: AppError | null) => void;
}

/**
 * Turns any line ends (LF, CRLF, CR, also split between chunks) into LF and any charset into UTF-8. The last event counts
 * even without the blank line after it. Comments are dropped. A body of plain JSON counts as one event.
 */
export function rewriteEventStream(
  source: ReadableStream<Uint8Array>,
  { charset, maxEventChars, rewrite, onEnd }: EventRewriter,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder(charset);
  const encoder = new TextEncoder();
  const unify = lineFeeds();
  let isOver = false;
  /** Text so far, as long as there is no other; later a body of plain JSON, or null for real events. */
  let json: string | null = '';
  let controller: TransformStreamDefaultController<Uint8Array>;
  const pass = (text: string) => controller.enqueue(encoder.encode(text));
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: (event) => pass(rewrite(event, isOver).map(writeEvent).join('')),
    onRetry: (ms) => pass(`retry: ${ms}\n\n`),
    onError: ({ type }) => {
      if (type !== 'max-buffer-size-exceeded') return;
      const error = new AppError('response_too_large');
      onEnd(error);
      controller.error(error);
    },
  });
  const feed = (text: string) => {
    if (json === null) {
      parser.feed(text);
      return;
    }
    json += text;
    if (/^\s*(?:[{[]|$)/.test(json) && json.length <= maxEventChars) return;
    parser.feed(json);
    json = null;
  };
  return source.pipeThrough(
    new TransformStream({
      start: (started) => {
        controller = started;
      },
      transform: (chunk) => feed(unify(decoder.decode(chunk, { stream: true }))),
      flush: () => {
        feed(unify(decoder.decode()));
        isOver = true;
        if (json)
          pass(rewrite({ id: undefined, event: undefined, data: json }, true).map(writeEvent).join(''));
        parser.feed('\n\n');
        onEnd(null);
      },
    }),
  );
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

function writeEvent({ id, event, data }: EventSourceMessage): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...data.split('\n').map((line) => `data: ${line}`),
  ];
  return `${lines.join('\n')}\n\n`;
}
