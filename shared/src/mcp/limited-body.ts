import type { Readable } from 'node:stream';
import { AppError } from '../errors.ts';

export interface BodyLimits {
  /** Bytes that may come in one piece (see `piece`). */
  maxBytes: number;
  /** `whole`: the limit is for the body; `line`: for each line of an event stream, which has no natural end. */
  piece: 'whole' | 'line';
  /** Replaces the error of the source. */
  nameError?: (error: unknown) => unknown;
  /** Told once when the body is over: null when it ended well or the reader let go, else why not. */
  onEnd?: (error: unknown) => void;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Passes a body through and stops reading as soon as it breaks its limit.
 * @returns a web stream that errors with AppError `response_too_large`, or with what broke the source
 */
export function limitBody(source: Readable, limits: BodyLimits): ReadableStream<Uint8Array> {
  let held = 0;
  let isOver = false;
  const end = (error: unknown): boolean => {
    const isFirst = !isOver;
    isOver = true;
    if (isFirst) limits.onEnd?.(error);
    return isFirst;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      // Looking for the first byte of an empty body has consumed its end.
      if (source.readableEnded) {
        end(null);
        controller.close();
        return;
      }
      source.on('data', (chunk: Uint8Array) => {
        if (isOver) return;
        held = sizeAfter(held, chunk, limits.piece);
        if (held > limits.maxBytes) {
          source.destroy(new AppError('response_too_large'));
          return;
        }
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) source.pause();
      });
      source.on('end', () => {
        if (end(null)) controller.close();
      });
      source.on('error', (cause) => {
        const error = limits.nameError?.(cause) ?? cause;
        if (end(error)) controller.error(error);
      });
      source.pause();
    },
    pull() {
      source.resume();
    },
    cancel() {
      end(null);
      source.destroy();
    },
  });
}

function sizeAfter(held: number, chunk: Uint8Array, piece: BodyLimits['piece']): number {
  const lastBreak =
    piece === 'line' ? Math.max(chunk.lastIndexOf(LINE_FEED), chunk.lastIndexOf(CARRIAGE_RETURN)) : -1;
  return lastBreak === -1 ? held + chunk.length : chunk.length - lastBreak - 1;
}
