// Sends recognizable secrets every way that a secret can go, then searches the database, all logs and the built page.
// Earlier suites have left their traces there too.
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NewInvitation } from '@patchbay/shared/contract/schema/workspace';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoopbackServer } from '../../local/servers/loopback-server.ts';
import { startNotes } from '../../local/servers/notes.ts';
import { loadKeys } from '../../local/supabase/keys.ts';
import { loadSecrets } from '../../local/stack/secrets.ts';
import {
  KNOWN_CLIENT,
  startGuardedServer,
  type GuardedServer,
} from '../support/servers/authorization-server.ts';
import { consentAs } from '../support/consent.ts';
import { readIssued, SIGN_IN_SECRETS } from '../support/servers/issued.ts';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, invoke, personalWorkspace } from '../support/rest-api.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';
import { beginSignIn } from '../support/sign-in-by-function.ts';
import { visitAs } from '../support/visitor.ts';

const ROOT = join(import.meta.dirname, '../..');
const canary = (what: string): string => `canary-${what}-${randomUUID()}`;

/** Not a secret: finding it shows that the search works. */
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
    let guarded: GuardedServer;
    const shown: { place: string; text: string }[] = [];
    let secrets: Record<string, string>;
    /** Returned once, to the user who created the invitation. */
    let tokens: Record<string, string>;
    /** Includes those of earlier suites. */
    let issued: ReturnType<typeof readIssued>;
    const dataDir = dirname(process.env['PATCHBAY_STACK'] ?? '');

    beforeAll(async () => {
      sql = postgres(runningStack().database_url ?? '', { max: 1, onnotice: () => undefined });
      person = await newPerson('canary');
      notes = await startNotes({ port: 0, apiKey: PLANTED['an API key'] });
      secrets = await secretsOfTheStack();
      guarded = await startGuardedServer();
      await traffic();
      await signIns();
      tokens = await invitations();
      issued = readIssued();
    });
    afterAll(async () => {
      await Promise.all([notes?.close(), guarded?.close()]);
      await sql?.end({ timeout: 2 });
    });

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

    async function signIns(): Promise<void> {
      const tickets = { name: 'Tickets', url: guarded.url, auth_method: 'oauth' } as const;
      const server_id = await addServer(person, tickets);
      const visitor = await visitAs(person);
      const look = async (path: string): Promise<void> => {
        const { html, location } = await visitor.get(path);
        shown.push({ place: `the page ${path.split('?')[0]}`, text: `${location ?? ''} ${html}` });
        if (location) await look(location);
      };
      const ask = async (name: string, body: object) => {
        const answer = await invoke(person, name, { server_id, ...body });
        shown.push({ place: `an answer of ${name}`, text: JSON.stringify(answer.body) });
        return answer.body;
      };

      const { html } = await visitor.send(`/servers/${server_id}/sign-in?/begin`);
      const [, link = ''] = new RegExp(`href="(${guarded.issuer}[^"]*)"`).exec(html) ?? [];
      const callback = (await consentAs('ada', link.replaceAll('&amp;', '&'))).toString();
      const back = await visitor.get(`/oauth/callback?${callback}`);
      expect(back.location).toContain(`signed_in=${server_id}`);
      for (const query of [callback, `${callback}&error=server_error`])
        await look(`/oauth/callback?${query}`);
      shown.push({ place: 'the way back', text: (back.location ?? '') + back.html });
      shown.push({ place: 'the page of the way there', text: html });
      await ask('server-sign-in', { step: 'finish', callback });
      const wrong = await consentAs('ada', await beginSignIn(person, server_id));
      wrong.set('iss', 'https://other.example');
      await ask('server-sign-in', { step: 'finish', callback: wrong.toString() });

      guarded.expireTokens();
      await ask('discover-tools', {});
      expect(guarded.refreshes).toEqual({ ok: 1, failed: 0 });
      await ask('call-tool', { tool: 'who_am_i', arguments: {} });
      const rows = await person.client.rpc('my_sign_ins', {
        p_workspace_id: await personalWorkspace(person),
      });
      shown.push({ place: 'the sign-ins of a user', text: JSON.stringify(rows.data) });
      for (const path of ['', '/sign-in']) await look(`/servers/${server_id}${path}`);
      expect(await ask('server-sign-in', { step: 'end' })).toMatchObject({ revoked: true });

      const { client_id, client_secret } = KNOWN_CLIENT;
      await person.client.from('mcp_servers').update({ oauth_client_id: client_id }).eq('id', server_id);
      await ask('server-credential', { credential: client_secret });
      expect(await ask('server-sign-in', { step: 'unattended' })).toMatchObject({ server_id });
      await ask('discover-tools', {});
      await look(`/servers/${server_id}`);
    }

    async function invitations(): Promise<Record<string, string>> {
      const { data: team } = await person.client
        .from('workspaces')
        .insert({ name: 'Canaries' })
        .select('id')
        .single<{ id: string }>();
      const invite = async (email?: string) => {
        const args = { p_workspace_id: team?.id, p_role: 'member', p_email: email };
        return NewInvitation.parse((await person.client.rpc('create_invitation', args)).data);
      };
      const [open, used, bound, revoked] = [
        await invite(),
        await invite(),
        await invite('x@y.example'),
        await invite(),
      ];
      await person.client.from('workspace_invitations').delete().eq('id', revoked.id);
      const [guest, late] = [await newPerson('guest'), await newPerson('late')];
      const answers = [];
      for (const who of [guest, late]) {
        for (const { token } of [open, used, bound, revoked])
          answers.push((await who.client.rpc('preview_invitation', { p_token: token })).status);
        answers.push((await who.client.rpc('accept_invitation', { p_token: used.token })).status);
      }
      expect(answers).toEqual([200, 200, 403, 404, 200, 200, 410, 403, 404, 410]);
      const visitor = await visitAs(guest);
      expect((await visitor.get(`/invitations/${open.token}`)).html).toContain('Canaries');
      await visitor.get(`/invitations/${revoked.token}`);
      await (await visitAs(null)).get(`/invitations/${open.token}`);
      return {
        'the token of an open invitation': open.token,
        'the token of a used invitation': used.token,
        'the token of an invitation for another address': bound.token,
        'the token of an invitation that was taken back': revoked.token,
      };
    }

    function search(text: string, place: string): string[] {
      const all = { ...secrets, ...tokens, ...PLANTED, 'the password of a user': person.password };
      const known = [...Object.entries(all), ...issued.map(({ what, secret }) => [what, secret] as const)];
      const found = known.filter(([, secret]) => text.includes(secret));
      return [...new Set(found.map(([what]) => `${what} in ${place}`))];
    }

    it('of a sign-in is unknown to the search', () => {
      expect(new Set(issued.map(({ what }) => what))).toEqual(new Set(SIGN_IN_SECRETS));
    });

    it('of a sign-in is in a page or an answer', () => {
      expect(shown.filter(({ text }) => text.includes('Tickets')).length).toBeGreaterThan(3);
      expect(shown.flatMap(({ text, place }) => search(text, place))).toEqual([]);
    });

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
