import type { Readable } from 'node:stream';
import { AppError } from '../errors.ts';
import { decompressed, isDecoderError, unreadable } from './decompress.ts';
import { limitBody } from './limited-body.ts';

/** Enough for a thousand tools or a picture, and less than what would trouble a small machine. */
const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;
/** Responses that may not have a body, by the rules of `Response`. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A response whose body is decompressed, and stops at the limit: 8 MB as they are read, or each line of an event stream.
 * @param onEnd told once when the body is over: null when it ended well or the reader let go, else why not
 * @throws AppError `response_too_large`, `unreadable_compression`
 */
export async function readableResponse(
  source: Readable,
  head: { status: number; headers: Headers; url: URL },
  onEnd: (error: unknown) => void,
): Promise<Response> {
  const { status, headers, url } = head;
  const isStream = headers.get('content-type')?.toLowerCase().startsWith('text/event-stream') ?? false;
  const encoding = headers.get('content-encoding') ?? '';
  try {
    if (!isStream && Number(headers.get('content-length') ?? 0) > MAX_RESPONSE_BYTES)
      throw new AppError('response_too_large');
    const body = limitBody(encoding === '' ? source : await decompressed(source, encoding), {
      maxBytes: MAX_RESPONSE_BYTES,
      piece: isStream ? 'line' : 'whole',
      nameError: (error) => (isDecoderError(error) ? unreadable(encoding, error) : error),
      onEnd,
    });
    if (BODILESS.has(status)) void body.cancel();
    const plain = new Headers(headers);
    if (encoding !== '') for (const name of ['content-encoding', 'content-length']) plain.delete(name);
    const response = new Response(BODILESS.has(status) ? null : body, { status, headers: plain });
    // The answer itself says where it comes from after redirects, as that of the global fetch does.
    return Object.defineProperty(response, 'url', { value: url.href });
  } catch (error) {
    // The socket goes with the body that nobody will read; that this ends it early is no news.
    source.on('error', () => {}).destroy();
    throw error;
  }
}
