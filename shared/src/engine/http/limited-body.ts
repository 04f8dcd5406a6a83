import type { Readable } from 'node:stream';
import { AppError } from '../../contract/errors.ts';

export interface BodyLimits {
  /** Most bytes of the whole body; infinite for an event stream, which has no natural end. */
  maxBytes: number;
  /** Called with the bytes of each chunk. */
  onChunk?: ((bytes: number) => void) | undefined;
  /** Replaces the error of the source. */
  nameError?: (error: unknown) => unknown;
  /** Called once when the body ends: null if it completed or the reader cancelled, else the error. */
  onEnd?: (error: unknown) => void;
}

/**
 * Passes a body through and stops reading as soon as it breaks its limit.
 * @returns a web stream that errors with AppError `response_too_large`, or with what broke the source
 */
export function limitBody(source: Readable, limits: BodyLimits): ReadableStream<Uint8Array> {
  let received = 0;
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
        received += chunk.length;
        if (received > limits.maxBytes) {
          source.destroy(new AppError('response_too_large'));
          return;
        }
        controller.enqueue(chunk);
        limits.onChunk?.(chunk.length);
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
