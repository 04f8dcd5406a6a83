import type { Readable } from 'node:stream';
import { AppError } from '../../contract/errors.ts';
import { decompressed, isDecoderError, unreadable } from './decompress.ts';
import { limitBody } from './limited-body.ts';

/** Enough for a thousand tools or an image, and little enough for a small machine. */
const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;
/** Statuses with which `Response` allows no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

export interface BodyWatch {
  readsEvents: boolean;
  /** Called with the bytes of each chunk, after decompression. */
  onChunk?: ((bytes: number) => void) | undefined;
  /** Called once when the body is over, with null, or with the error that ended it. */
  onEnd: (error: unknown) => void;
}

export function isEventStream(headers: Headers): boolean {
  return headers.get('content-type')?.toLowerCase().startsWith('text/event-stream') ?? false;
}

/**
 * Makes a response whose body is decompressed and limited to 8 MB after decompression.
 * @param watch.readsEvents whether the reader limits the events of a stream itself: then the whole may be longer
 * @throws AppError `response_too_large`, `unreadable_compression`
 */
export async function readableResponse(
  source: Readable,
  head: { status: number; headers: Headers; url: URL },
  watch: BodyWatch,
): Promise<Response> {
  const { status, headers, url } = head;
  const isStream = watch.readsEvents && isEventStream(headers);
  const encoding = headers.get('content-encoding') ?? '';
  try {
    if (!isStream && Number(headers.get('content-length') ?? 0) > MAX_RESPONSE_BYTES)
      throw new AppError('response_too_large');
    const body = limitBody(encoding === '' ? source : await decompressed(source, encoding), {
      maxBytes: isStream ? Infinity : MAX_RESPONSE_BYTES,
      onChunk: watch.onChunk,
      nameError: (error) => (isDecoderError(error) ? unreadable(encoding, error) : error),
      onEnd: watch.onEnd,
    });
    if (BODILESS.has(status)) void body.cancel();
    const plain = new Headers(headers);
    if (encoding !== '') for (const name of ['content-encoding', 'content-length']) plain.delete(name);
    const response = new Response(BODILESS.has(status) ? null : body, { status, headers: plain });
    // As with the global fetch, the URL after redirects.
    return Object.defineProperty(response, 'url', { value: url.href });
  } catch (error) {
    // Nobody reads the body, so its socket is closed.
    source.on('error', () => {}).destroy();
    throw error;
  }
}
