/** Decompresses responses of servers and proxies that compress although the request asked for `identity`. */
import { pipeline, Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { AppError } from '../../contract/errors.ts';

/** More layers than this are an attack or a mistake. */
const MAX_CODINGS = 4;
/** Truncated data ends without an error here; the parser of the content reports what is missing. */
const ZLIB = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
const BROTLI = {
  flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
};
/** Deno 2.1 lacks Zstandard, which the types don't know. */
const { createZstdDecompress } = zlib as Partial<typeof zlib>;

/** The start of JSON, an event stream or HTML; compressed data contains other characters soon. */
const PLAIN = /^\uFEFF?\s*(?:[[{<]|:|(?:data|event|id|retry):)[\s\p{L}\p{N}\p{P}\p{S}]*$/u;
const PLAIN_BYTES = 32;

type Coding = 'gzip' | 'deflate' | 'deflate_raw' | 'br' | 'zstd' | 'none';

/**
 * Removes the content codings of a body. The first bytes count more than the header: plain text passes through, and
 * gzip and Zstandard are recognized under any name.
 * @param header the value of `Content-Encoding`
 * @throws AppError `unreadable_compression`, which names the coding; also the source's error before its first byte
 */
export async function decompressed(source: Readable, header: string): Promise<Readable> {
  const codings = header.toLowerCase().split(',').map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity'); // prettier-ignore
  if (codings.length > MAX_CODINGS) throw unreadable(header);
  let body = source;
  for (const name of codings.toReversed()) {
    const start = await firstBytes(body);
    // Its end has come and gone; whoever reads waits for one.
    if (start === null) return Readable.from([]);
    const decoder = decoderOf(codingOf(name, start), name);
    // Errors reach the reader of the last stage.
    if (decoder) body = pipeline(body, decoder, () => {});
  }
  return body;
}

/** Whether an error comes from a decoder, because the data is damaged. */
export function isDecoderError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(?:Z_|ERR__ERROR_FORMAT|ERR_BROTLI|BROTLI_|ZSTD_)/.test(code) || /brotli/i.test(code);
}

/** @param cause the error of the decoder; without it the coding is unknown */
export function unreadable(name: string, cause?: unknown): AppError {
  const shown = name.replaceAll(/[^\w.,+\- ]/g, '').slice(0, 40);
  return new AppError('unreadable_compression', {
    message: cause
      ? `The server's compressed response (content-encoding: ${shown}) is damaged.`
      : `Patchbay can't decompress the server's response (content-encoding: ${shown}).`,
    cause,
  });
}

function codingOf(name: string, start: Uint8Array): Coding | null {
  const [first = 0, second = 0, third = 0, fourth = 0] = start;
  if (first === 0x1f && second === 0x8b) return 'gzip';
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return 'zstd';
  if (isPlainText(start)) return 'none';
  if (name === 'br') return 'br';
  if (name !== 'deflate') return null;
  // Many servers omit the header that RFC 1950 requires.
  const hasHeader = start.length >= 2 && (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
  return hasHeader ? 'deflate' : 'deflate_raw';
}

function decoderOf(coding: Coding | null, name: string): Transform | null {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip(ZLIB);
    case 'deflate':
      return zlib.createInflate(ZLIB);
    case 'deflate_raw':
      return zlib.createInflateRaw(ZLIB);
    case 'br':
      return zlib.createBrotliDecompress(BROTLI);
    case 'zstd':
      if (!createZstdDecompress) throw unreadable('zstd');
      return createZstdDecompress();
    case 'none':
      return null;
    case null:
      throw unreadable(name);
  }
}

function isPlainText(start: Uint8Array): boolean {
  // In streaming mode a character that is cut at the end is left out.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(start.subarray(0, PLAIN_BYTES), {
    stream: true,
  });
  return PLAIN.test(text);
}

/** Reads the first bytes of a stream and puts them back; null when it ends without any. */
function firstBytes(stream: Readable): Promise<Uint8Array | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>();
  const read = () => {
    const chunk = stream.read() as Uint8Array | null;
    if (chunk === null) return;
    stop();
    stream.unshift(chunk);
    resolve(chunk);
  };
  const onEnd = () => (stop(), resolve(null));
  const onError = (error: Error) => (stop(), reject(error));
  const stop = () => stream.off('readable', read).off('end', onEnd).off('error', onError);
  stream.on('readable', read).on('end', onEnd).on('error', onError);
  return promise;
}
