import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { deleteData, setAside } from './set-aside.ts';

const NOW = new Date('2026-12-01T08:09:10.500Z');
const dataDir = mkdtempSync(join(tmpdir(), 'patchbay-aside-'));
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function put(file: string, content: string): void {
  mkdirSync(join(dataDir, file, '..'), { recursive: true });
  writeFileSync(join(dataDir, file), content);
}

it('moves data, secrets and logs into a folder for their owner only, and keeps builds', async () => {
  put('supabase/postgres/PG_VERSION', '17');
  put('supabase/keys.json', 'keys');
  put('secrets.json', 'secrets');
  put('seeded.json', '[]');
  put('logs/web.log', 'log');
  put('runtime/v24/node', 'node');
  put('web/0123/index.html', 'page');
  const folder = join(dataDir, 'data-20261201-080910');
  expect(await setAside(dataDir, NOW)).toBe(folder);
  expect(readdirSync(dataDir).sort()).toEqual(['data-20261201-080910', 'runtime', 'web']);
  expect(readdirSync(folder).sort()).toEqual(['logs', 'secrets.json', 'seeded.json', 'supabase']);
  expect(readFileSync(join(folder, 'supabase/postgres/PG_VERSION'), 'utf8')).toBe('17');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

it('uses a new folder each time, and creates none without data', async () => {
  mkdirSync(dataDir, { recursive: true });
  expect(await setAside(dataDir, NOW)).toBeNull();
  expect(readdirSync(dataDir)).toEqual([]);
  put('secrets.json', '1');
  await setAside(dataDir, NOW);
  put('secrets.json', '2');
  await setAside(dataDir, new Date(NOW.getTime() + 1_000));
  expect(readFileSync(join(dataDir, 'data-20261201-080910/secrets.json'), 'utf8')).toBe('1');
  expect(readFileSync(join(dataDir, 'data-20261201-080911/secrets.json'), 'utf8')).toBe('2');
  expect(existsSync(join(dataDir, 'secrets.json'))).toBe(false);
});

it('deletes the data, but neither builds nor what was set aside', () => {
  for (const file of ['supabase/keys.json', 'secrets.json', 'logs/web.log', 'web/0/a', 'data-1/secrets.json'])
    put(file, '');
  deleteData(dataDir);
  expect(readdirSync(dataDir).sort()).toEqual(['data-1', 'web']);
});
