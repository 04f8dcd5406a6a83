import { chmod, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import postgres from 'postgres';
import { expect, it } from 'vitest';
import { setClusterAside, startPostgres } from './postgres.ts';

// Only root runs Postgres under another account, which can't enter root's folders.
it.runIf(process.getuid?.() === 0)(
  'a database in a folder that Postgres cannot enter is set aside and comes back',
  async () => {
    const home = await mkdtemp(join(tmpdir(), 'patchbay-closed-'));
    await chmod(home, 0o700);
    const dataDir = join(home, 'supabase');
    const noteIn = (folder: string): Promise<string> =>
      readFile(join(folder, 'postgres-is-elsewhere.txt'), 'utf8').then((text) => text.trim());
    const clusters = new Set<string>();
    const run = async (statement: string): Promise<unknown> => {
      const database = await startPostgres({
        dataDir,
        port: await getPort({ host: '127.0.0.1' }),
        password: 'p',
        log: () => undefined,
      });
      clusters.add(await noteIn(dataDir));
      const sql = postgres(database.url, { max: 1 });
      try {
        return [...(await sql.unsafe(statement))];
      } finally {
        await sql.end();
        await database.stop();
      }
    };
    try {
      await run('create table kept ()');
      await setClusterAside(dataDir, 'mark');
      await rename(dataDir, join(home, 'aside'));
      expect(await noteIn(join(home, 'aside'))).toMatch(/-mark$/);
      expect(await run("select to_regclass('kept')::text as kept")).toEqual([{ kept: null }]);
      await rm(dataDir, { recursive: true });
      await rename(join(home, 'aside'), dataDir);
      expect(await run("select to_regclass('kept')::text as kept")).toEqual([{ kept: 'kept' }]);
      expect(clusters.size).toBe(2);
    } finally {
      for (const folder of [home, ...clusters]) await rm(folder, { recursive: true, force: true });
    }
  },
);
