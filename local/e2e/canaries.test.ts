/**
 * Secrets that are easy to recognise go every way that a secret can go. Then everything that lasts is searched: the
 * whole database, every log, the built page. The suites before this one have left their traces there as well.
 */
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoopbackServer } from '../servers/loopback-server.ts';
import { startNotes } from '../servers/notes.ts';
import { loadKeys } from '../supabase/keys.ts';
import { loadSecrets } from '../stack/secrets.ts';
import { newPerson, type Person } from './person.ts';
import { addServer, invoke } from './rest-api.ts';
import { hasStack, runningStack } from './running-stack.ts';

const ROOT = join(import.meta.dirname, '../..');
const canary = (what: string): string => `canary-${what}-${randomUUID()}`;

/** No secret: what has to be found, so that finding nothing else means something. */
const MARK = canary('mark');
const PLANTED = {
  'an API key': canary('api-key'),
  'an API key that was replaced': canary('replaced-key'),
  'a bearer token': canary('bearer-token'),
  'the key of a draft': canary('draft-key'),
  'a key that does not fit': canary('unfit-key'),
  'a key in an address': canary('address-key'),
};

describe.runIf(hasStack && runningStack().database_url !== undefined)(
  'no secret',
  { timeout: 120_000 },
  () => {
    let sql: Sql;
    let person: Person;
    let notes: LoopbackServer;
    let secrets: Record<string, string>;
    const dataDir = dirname(process.env['PATCHBAY_STACK'] ?? '');

    beforeAll(async () => {
      sql = postgres(runningStack().database_url ?? '', { max: 1, onnotice: () => undefined });
      person = await newPerson('canary');
      notes = await startNotes({ port: 0, apiKey: PLANTED['an API key'] });
      secrets = await secretsOfTheStack();
      await traffic();
    });
    afterAll(async () => {
      await notes?.close();
      await sql?.end({ timeout: 2 });
    });

    /** What the stack itself must keep. */
    async function secretsOfTheStack(): Promise<Record<string, string>> {
      const keys = await loadKeys(join(dataDir, 'supabase'));
      const local = loadSecrets(dataDir);
      const { livekit_api_secret, secret_key } = runningStack();
      return {
        'the key that seals': local.secretsKeys.split(':')[1] ?? '',
        'the key of the notes server': local.notesApiKey,
        'the LiveKit secret': livekit_api_secret,
        'the secret key': secret_key,
        'the password of the database': keys.databasePassword,
        'the inner signing secret': keys.innerSecret,
        'the private signing key': keys.signingKey.d,
      };
    }

    async function traffic(): Promise<void> {
      const stored = await addServer(person, { name: MARK, url: notes.url, auth_method: 'api_key' });
      const credential = (server_id: string, text: string | null) =>
        invoke(person, 'server-credential', { server_id, credential: text });
      await credential(stored, PLANTED['an API key that was replaced']);
      expect((await invoke(person, 'test-connection', { server_id: stored })).body).toMatchObject({
        ok: false,
      });
      await credential(stored, PLANTED['an API key']);
      expect((await invoke(person, 'test-connection', { server_id: stored })).body).toMatchObject({
        ok: true,
      });
      expect((await invoke(person, 'discover-tools', { server_id: stored })).status).toBe(200);
      expect((await credential(stored, `${PLANTED['a key that does not fit']}\u0007`)).status).toBe(400);

      const other = await addServer(person, { name: 'Bearer', url: notes.url, auth_method: 'bearer_token' });
      await credential(other, PLANTED['a bearer token']);
      await invoke(person, 'test-connection', { server_id: other });
      const draft = { url: notes.url, auth_method: 'api_key', credential: PLANTED['the key of a draft'] };
      await invoke(person, 'test-connection', draft);
      const address = `http://user:${PLANTED['a key in an address']}@127.0.0.1:9/mcp`;
      await invoke(person, 'test-connection', { url: address });
      const refused = await person.client.from('mcp_servers').insert({ name: 'Address', url: address });
      expect(refused.error).not.toBeNull();
      await person.client.from('mcp_servers').update({ url: 'http://127.0.0.1:9/elsewhere' }).eq('id', other);
      await invoke(person, 'voice-token');
    }

    function search(text: string, place: string): string[] {
      const all = { ...secrets, ...PLANTED, 'the password of a user': person.password };
      return Object.entries(all).flatMap(([what, secret]) =>
        text.includes(secret) ? [`${what} in ${place}`] : [],
      );
    }

    it('is in the database, in any column of any table', async () => {
      const tables = await sql<{ name: string }[]>`
      select format('%I.%I', n.nspname, c.relname) as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`;
      const found: string[] = [];
      let isMarkFound = false;
      for (const { name } of tables) {
        const rows = await sql.unsafe<{ row: string }[]>(`select t::text as row from ${name} t`);
        const text = rows.map(({ row }) => row).join('\n');
        isMarkFound ||= text.includes(MARK);
        found.push(...search(text, name));
      }
      expect(isMarkFound).toBe(true);
      expect(found).toEqual([]);
    });

    it('is in a log', () => {
      const logs = globSync(['logs/*', 'supabase/*.log'], { cwd: dataDir });
      expect(logs.length).toBeGreaterThan(5);
      expect(logs.flatMap((log) => search(readFileSync(join(dataDir, log), 'utf8'), log))).toEqual([]);
    });

    it('is in the page as it was built', () => {
      const files = globSync('.local/web/*/**/*.{js,mjs,html,json,map,css}', { cwd: ROOT });
      expect(files.length).toBeGreaterThan(20);
      expect(files.flatMap((file) => search(readFileSync(join(ROOT, file), 'utf8'), file))).toEqual([]);
    });
  },
);
