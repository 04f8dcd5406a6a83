import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findLivekitServer } from './find.ts';
import { assetFor } from './release.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'patchbay-find-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(file: string, script: string): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const offline = vi.fn(async () => Promise.reject(new TypeError('fetch failed')));
const find = (fetch: typeof globalThis.fetch = offline) =>
  findLivekitServer({
    say: () => undefined,
    signal: new AbortController().signal,
    cacheDir: join(folder, 'cache'),
    env: { PATH: join(folder, 'bin') },
    fetch,
  });

describe('findLivekitServer', () => {
  it('finds the server on PATH', async () => {
    const path = program('bin/livekit-server', 'echo livekit-server version 1.13.9');
    expect(await find()).toEqual({ path, origin: 'PATH' });
  });

  it('uses the cache if the server on PATH is too old', async () => {
    program('bin/livekit-server', 'echo livekit-server version 1.4.0');
    const path = program('cache/livekit-server-1.13.5/livekit-server', 'echo livekit-server version 1.13.5');
    expect(await find()).toEqual({ path, origin: 'cache' });
  });

  it.runIf(assetFor(process.platform, process.arch))('refuses a download with another checksum', async () => {
    const asset = assetFor(process.platform, process.arch);
    const fetch = vi.fn(async (url: unknown) =>
      url === asset?.checksumsUrl
        ? new Response(`${'0'.repeat(64)}  ${asset?.name}\n`)
        : new Response('evil'),
    );
    expect(await find(fetch)).toMatchObject({
      path: null,
      reason: expect.stringContaining("doesn't match the release's checksum"),
    });
  });

  it('builds the server with Go and keeps it in the cache', async () => {
    // Stands in for `go install`, which writes a program named after the package's folder into GOBIN.
    program('bin/go', 'printf \'#!/bin/sh\\necho version 1.13.5\\n\' > "$GOBIN/server"');
    const path = join(folder, 'cache/livekit-server-1.13.5/livekit-server');
    expect(await find()).toEqual({ path, origin: 'Go' });
    program('bin/go', 'exit 1');
    expect(await find()).toEqual({ path, origin: 'cache' });
  });

  it('returns the reason of each source if all of them fail', async () => {
    program('bin/go', 'echo no route to the module proxy; exit 1');
    const { path, reason } = (await find()) as { path: null; reason: string };
    expect(path).toBeNull();
    for (const word of ['PATH', 'cache', 'github.com', 'no route to the module proxy'])
      expect(reason).toContain(word);
  });
});
