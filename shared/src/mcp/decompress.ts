/** Undoes the compression that a server or a proxy applied although none was asked for. */
import { pipeline, type Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { AppError } from '../errors.ts';

/** Nobody compresses more often than this. */
const MAX_CODINGS = 4;
/** What is cut short ends quietly here: whoever parses it sees better what is missing. */
const ZLIB = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
const BROTLI = {
  flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
};
/** Older runtimes lack Zstandard; the types don't know about them. */
const { createZstdDecompress } = zlib as Partial<typeof zlib>;

/** How JSON, an event stream or a page begins; no compressed data consists of such characters only. */
const PLAIN = /^\uFEFF?\s*(?:[[{<]|:|(?:data|event|id|retry):)[\s\p{L}\p{N}\p{P}\p{S}]*$/u;
const PLAIN_BYTES = 32;

type Coding = 'gzip' | 'deflate' | 'deflate_raw' | 'br' | 'zstd' | 'none';

/**
 * The body without its content codings. What does not look compressed is passed on, whatever the header claims, and
 * what the data itself says counts more than the name of the coding.
 * @param header `Content-Encoding`
 * @throws AppError `unreadable_compression`, which names the coding; what breaks the source before its first byte
 */
export async function decompressed(source: Readable, header: string): Promise<Readable> {
  const codings = header.toLowerCase().split(',').map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity'); // prettier-ignore
  if (codings.length > MAX_CODINGS) throw unreadable(header);
  let body = source;
  for (const name of codings.toReversed()) {
    const start = await firstBytes(body);
    const decoder = start && decoderOf(codingOf(name, start), name);
    // Errors reach the reader of the last stage; nobody else needs them.
    if (decoder) body = pipeline(body, decoder, () => {});
  }
  return body;
}

/** Whether a stream broke for what a decoder found in its data. */
export function isDecoderError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(?:Z_|ERR__ERROR_FORMAT|ERR_BROTLI|BROTLI_|ZSTD_)/.test(code) || /brotli/i.test(code);
}

/** @param cause what the decoder said, if it got that far */
export function unreadable(name: string, cause?: unknown): AppError {
  const shown = name.replaceAll(/[^\w.,+\- ]/g, '').slice(0, 40);
  return new AppError('unreadable_compression', {
    message: cause
      ? `The server's compressed answer (content-encoding: ${shown}) is damaged.`
      : `Patchbay can't read the compression of the server's answer (content-encoding: ${shown}).`,
    cause,
  });
}

function codingOf(name: string, start: Buffer): Coding | null {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  if (start.length >= 4 && start.readUInt32LE() === 0xfd2fb528) return 'zstd';
  if (looksPlain(start)) return 'none';
  if (name === 'br') return 'br';
  if (name !== 'deflate') return null;
  // RFC 1950 demands a header that many servers leave out.
  const hasHeader = start.length >= 2 && (start.readUInt8() & 0x0f) === 8 && start.readUInt16BE() % 31 === 0;
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

function looksPlain(start: Buffer): boolean {
  // A character that is cut in the middle decodes to a mark of its own, which is no letter.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(start.subarray(0, PLAIN_BYTES), {
    stream: true,
  });
  return PLAIN.test(text);
}

/** The first bytes of a stream, which stay in it; null when it ends without any. */
function firstBytes(stream: Readable): Promise<Buffer | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | null>();
  const look = () => {
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) return;
    stop();
    stream.unshift(chunk);
    resolve(chunk);
  };
  const onEnd = () => (stop(), resolve(null));
  const onError = (error: Error) => (stop(), reject(error));
  const stop = () => stream.off('readable', look).off('end', onEnd).off('error', onError);
  stream.on('readable', look).on('end', onEnd).on('error', onError);
  return promise;
}
