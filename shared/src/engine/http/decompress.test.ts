import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompressed, isDecoderError } from './decompress.ts';

const TEXT = `{"jsonrpc":"2.0","id":1,"result":{"text":"${'ä€😀 '.repeat(2_000)}"}}`;

/** What comes out of a body that arrives in pieces of this size. */
async function read(body: Buffer | string, header: string, size = 10_000): Promise<string> {
  const bytes = Buffer.from(body);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of await decompressed(Readable.from(pieces), header)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const gzip = zlib.gzipSync(TEXT);

describe('a body is read', () => {
  it.each<[string, Buffer]>([
    ['gzip', gzip],
    ['GZIP', gzip],
    ['x-gzip', gzip],
    ['deflate', zlib.deflateSync(TEXT)],
    ['deflate', zlib.deflateRawSync(TEXT)],
    ['br', zlib.brotliCompressSync(TEXT)],
    ['zstd', zlib.zstdCompressSync(TEXT)],
    ['br, gzip', zlib.gzipSync(zlib.brotliCompressSync(TEXT))],
    ['identity, gzip', gzip],
    // What the data says counts more than what the header calls it.
    ['application/gzip', gzip],
    ['deflate', gzip],
    ['utf-8', Buffer.from(TEXT)],
    ['none', Buffer.from(TEXT)],
    ['gzip', Buffer.from(TEXT)],
    ['br', Buffer.from(TEXT)],
    ['deflate', Buffer.from('data: {}\n\n')],
  ])('as %s', async (header, body) => {
    const expected = body.toString().startsWith('data:') ? 'data: {}\n\n' : TEXT;
    expect(await read(body, header)).toBe(expected);
    if (body.length < 5_000) expect(await read(body, header, 7)).toBe(expected);
  });

  it('that is small, whichever coding', async () => {
    const small = '{}';
    expect(await read(zlib.brotliCompressSync(small), 'br')).toBe(small);
    expect(await read(zlib.deflateRawSync(small), 'deflate')).toBe(small);
    expect(await read('', 'gzip')).toBe('');
  });

  it('as far as it came, when its end is missing', async () => {
    const start = (await read(gzip.subarray(0, -20), 'gzip')).replace(/\uFFFD$/, '');
    expect(start.length).toBeGreaterThan(1_000);
    expect(TEXT.startsWith(start)).toBe(true);
  });
});

it.each(['gzip', 'utf-8'])(
  'without content ends also for who begins to listen then, as %s',
  async (header) => {
    const body = await decompressed(Readable.from([]), header);
    await new Promise((resolve) => body.on('end', resolve).resume());
  },
);

it('passes on what is decompressed before the body is over', async () => {
  const compressor = zlib.createGzip();
  const body = await Promise.all([
    decompressed(compressor, 'gzip'),
    new Promise<void>((resolve) => {
      compressor.write('data: one\n\n', () => compressor.flush(() => resolve()));
    }),
  ]).then(([stream]) => stream);
  const [chunk] = (await new Promise<Buffer[]>((resolve) => body.once('data', (data: Buffer) => resolve([data])))) as [Buffer]; // prettier-ignore
  expect(chunk.toString()).toBe('data: one\n\n');
  body.destroy();
});

describe('the error', () => {
  const random = Buffer.from(Array.from({ length: 100 }, (_, n) => (n * 151 + 128) % 256));

  it.each(['compress', 'aes128gcm', 'gzip'])('names %s, which it cannot undo', async (header) => {
    await expect(read(random, header)).rejects.toMatchObject({
      code: 'unreadable_compression',
      message: expect.stringContaining(`content-encoding: ${header}`) as string,
    });
  });

  it('reports damaged data with an error of its own', async () => {
    const damaged = Buffer.from(gzip);
    damaged.fill(0xff, 40, 80);
    for (const [body, header] of [
      [damaged, 'gzip'],
      [random, 'br'],
      [random, 'deflate'],
    ] as const) {
      const error: unknown = await read(body, header).catch((failure: unknown) => failure);
      expect(isDecoderError(error)).toBe(true);
    }
    expect(isDecoderError(Object.assign(new Error(), { code: 'ECONNRESET' }))).toBe(false);
  });

  it('comes from the source when that breaks, before its first byte or after', async () => {
    const broken = new Readable({ read: () => {} });
    const early = decompressed(broken, 'gzip');
    broken.destroy(Object.assign(new Error(), { code: 'ECONNRESET' }));
    await expect(early).rejects.toMatchObject({ code: 'ECONNRESET' });
    const cut = new Readable({ read: () => {} });
    cut.push(gzip.subarray(0, 100));
    const late = await decompressed(cut, 'gzip');
    const reading = late.toArray();
    cut.destroy(Object.assign(new Error(), { code: 'ECONNRESET' }));
    await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('stops a chain that nobody would send', async () => {
    await expect(read(gzip, 'gzip, gzip, gzip, gzip, gzip')).rejects.toMatchObject({
      code: 'unreadable_compression',
    });
  });
});
