import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

/**
 * The functions of pgTAP as one SQL script, from the archive that the npm package of PGlite carries.
 * @throws Error when the archive holds no complete script.
 */
export async function loadPgTapSource(): Promise<string> {
  const require = createRequire(import.meta.url);
  const archive = join(dirname(require.resolve('@electric-sql/pglite')), 'pgtap.tar.gz');
  const files = readTar(gunzipSync(await readFile(archive)));
  const control = [...files].find(([name]) => name.endsWith('/pgtap.control'))?.[1] ?? '';
  const version = /default_version = '([^']+)'/.exec(control)?.[1];
  const script = [...files].find(([name]) => name.endsWith(`/pgtap--${version}.sql`))?.[1];
  if (!script) throw new Error(`${archive} holds no script of pgTAP ${version ?? '(unknown version)'}.`);
  return script;
}

/** Handles only the short names and plain text of this archive. */
function readTar(archive: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  for (let offset = 0; offset + BLOCK <= archive.length;) {
    const header = archive.subarray(offset, offset + BLOCK);
    const name = text(header, 0, 100);
    if (name === '') break;
    const size = parseInt(text(header, 124, 12), 8);
    offset += BLOCK;
    files.set(name, archive.toString('utf8', offset, offset + size));
    offset += Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function text(header: Buffer, start: number, length: number): string {
  return header
    .toString('utf8', start, start + length)
    .replace(/\0.*$/s, '')
    .trim();
}
