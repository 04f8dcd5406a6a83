/** Tables, functions and endpoints come from the database's catalog and the functions folder, so new ones are tried too. */
import { randomUUID } from 'node:crypto';
import { readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceTopic } from '@patchbay/shared/contract/schema/hints';
import { createClient } from '@supabase/supabase-js';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropSealedExamples, listTables, makeExamples, within } from '../database/example-rows.ts';
import { outsiders, tokenOf, type Intruder } from '../support/intruders.ts';
import { newPerson, type Person } from '../support/person.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';

const FUNCTIONS = join(import.meta.dirname, '../../supabase/functions');
const hasDatabase = hasStack && runningStack().database_url !== undefined;

interface Target {
  workspaceId: string;
  serverId: string;
  agentId: string;
  sessionId: string;
  userId: string;
}

/** Members may change their own membership and account. */
const LEAVING = ['workspace_members: remove'];
const ENDING = ['rpc delete_account'];

const BODIES: Record<string, (target: Target) => object> = {
  'test-connection': ({ serverId }) => ({ server_id: serverId }),
  'discover-tools': ({ serverId }) => ({ server_id: serverId }),
  'server-credential': ({ serverId }) => ({ server_id: serverId, credential: 'intruder' }),
  'server-sign-in': ({ serverId }) => ({ step: 'end', server_id: serverId }),
  'call-tool': ({ serverId }) => ({ server_id: serverId, tool: 'example_tool' }),
  'notice-webhook': ({ workspaceId }) => ({ workspace_id: workspaceId, url: 'https://intruder.example/' }),
  'voice-token': ({ agentId }) => ({ agent_config_id: agentId }),
  'voice-dispatch': ({ sessionId }) => ({ session_id: sessionId }),
  'function-settings': () => ({ nonce: 'a-nonce-of-an-intruder' }),
  rest: () => ({}),
};

interface Answer {
  status: number;
  text: string;
}

interface Attempt {
  what: string;
  run: (intruder: Intruder, target: Target) => Promise<Answer>;
}

describe.runIf(hasDatabase)('an intruder', { timeout: 300_000 }, () => {
  let sql: Sql;
  let owner: Person;
  let viewer: Intruder;
  let strangers: Intruder[];
  let real: Target;
  let made: Target;
  let attempts: Attempt[];
  const report: Record<string, string>[] = [];

  beforeAll(async () => {
    sql = postgres(runningStack().database_url ?? '', { max: 2, onnotice: () => undefined });
    const [first, watching, removed] = await Promise.all(['owner', 'viewer', 'removed'].map(newPerson));
    owner = first!;
    const { data } = await owner.client.from('workspaces').insert({ name: 'Closed' }).select('id').single();
    const workspaceId = (data as { id: string }).id;
    for (const [person, role] of [
      [watching!, 'viewer'],
      [removed!, 'admin'],
    ] as const) {
      await sql`insert into public.workspace_members values (${workspaceId}, ${person.id}, ${role})`;
    }
    await makeExamples(sql, workspaceId, [owner.id]);
    await sql`delete from public.workspace_members where user_id = ${removed!.id} and workspace_id = ${workspaceId}`;
    viewer = { who: 'a viewer', token: await tokenOf(watching!) };
    strangers = [...(await outsiders(owner)), { who: 'a removed member', token: await tokenOf(removed!) }];
    real = await targetIn(workspaceId);
    made = {
      workspaceId: randomUUID(),
      serverId: randomUUID(),
      agentId: randomUUID(),
      sessionId: randomUUID(),
      userId: randomUUID(),
    };
    const all = [...(await tableAttempts()), ...(await rpcAttempts()), ...functionAttempts()];
    attempts = all.filter(({ what }) => !ENDING.includes(what));
  });
  afterAll(async () => {
    console.table(report);
    if (sql) await dropSealedExamples(sql);
    await sql?.end({ timeout: 2 });
  });

  async function targetIn(workspaceId: string): Promise<Target> {
    const [ids] = await sql<Omit<Target, 'workspaceId' | 'userId'>[]>`
      select
        (select id from public.mcp_servers where workspace_id = w.id and name = 'Example') as "serverId",
        (select id from public.agent_configs where workspace_id = w.id limit 1) as "agentId",
        (select id from public.voice_sessions where workspace_id = w.id) as "sessionId"
      from public.workspaces w where w.id = ${workspaceId}`;
    return { ...ids!, workspaceId, userId: owner.id };
  }

  async function request({ token }: Intruder, method: string, path: string, body?: object): Promise<Answer> {
    const { supabase_url, publishable_key } = runningStack();
    const response = await fetch(`${supabase_url}${path}`, {
      method,
      headers: {
        apikey: publishable_key,
        'content-type': 'application/json',
        prefer: 'return=representation',
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }

  async function tableAttempts(): Promise<Attempt[]> {
    const tables = await listTables(sql);
    const perTable = tables.map(async (table): Promise<Attempt[]> => {
      const columns = await sql<{ name: string; type: string }[]>`
        select a.attname as name, format_type(a.atttypid, null) as type from pg_attribute a
        where a.attrelid = ${`public.${table}`}::regclass and a.attnum > 0 and not a.attisdropped`;
      const names = columns.map(({ name }) => name);
      const key = ['workspace_id', 'server_id', 'id'].find((name) => names.includes(name)) ?? names[0]!;
      const id = ({ serverId, workspaceId }: Target): string =>
        key === 'server_id' ? serverId : workspaceId;
      const path = `/rest/v1/${table}`;
      // A privilege on a single column would show.
      const update = names.includes('name') ? 'name' : (names.find((name) => name !== key) ?? key);
      const row = (target: Target): object =>
        Object.fromEntries(columns.map(({ name, type }) => [name, valueFor(name, type, target)]));
      const few = (target: Target): object =>
        Object.fromEntries(
          columns
            .filter(({ name }) =>
              ['workspace_id', 'server_id', 'agent_config_id', 'name', 'url'].includes(name),
            )
            .map(({ name, type }) => [name, valueFor(name, type, target)]),
        );
      return [
        {
          what: `${table}: read`,
          run: (who, target) => request(who, 'GET', `${path}?${key}=eq.${id(target)}`),
        },
        {
          what: `${table}: count`,
          run: (who, target) => request(who, 'HEAD', `${path}?${key}=eq.${id(target)}`),
        },
        {
          what: `${table}: change`,
          run: (who, target) => {
            const type = columns.find(({ name }) => name === update)?.type ?? 'text';
            const body = { [update]: valueFor(update, type, target) };
            return request(who, 'PATCH', `${path}?${key}=eq.${id(target)}`, body);
          },
        },
        { what: `${table}: add all columns`, run: (who, target) => request(who, 'POST', path, row(target)) },
        { what: `${table}: add`, run: (who, target) => request(who, 'POST', path, few(target)) },
        {
          what: `${table}: remove`,
          run: (who, target) => request(who, 'DELETE', `${path}?${key}=eq.${id(target)}`),
        },
      ];
    });
    return (await Promise.all(perTable)).flat();
  }

  async function rpcAttempts(): Promise<Attempt[]> {
    const functions = await sql<{ name: string; names: string[] | null; types: string[] }[]>`
      select p.proname as name, p.proargnames as names,
        array(select format_type(t, null) from unnest(p.proargtypes) t) as types
      from pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;
    return functions.map(({ name, names, types }) => ({
      what: `rpc ${name}`,
      run: (who, target) => {
        const args = types.map((type, i) => [
          names?.[i] ?? `p${i}`,
          valueFor(names?.[i] ?? '', type, target),
        ]);
        return request(who, 'POST', `/rest/v1/rpc/${name}`, Object.fromEntries(args) as object);
      },
    }));
  }

  function functionAttempts(): Attempt[] {
    const names = readdirSync(FUNCTIONS).filter((name) => existsSync(join(FUNCTIONS, name, 'index.ts')));
    expect(Object.keys(BODIES).sort()).toEqual(names.sort());
    return names.map((name) => ({
      what: `function ${name}`,
      run: (who, target) => request(who, 'POST', `/functions/v1/${name}`, BODIES[name]!(target)),
    }));
  }

  async function contents(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const table of await listTables(sql)) {
      const [row] = await sql.unsafe<{ digest: string }[]>(
        `select count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') as digest
         from public.${table} t where ${within(table, real.workspaceId)}`,
      );
      found[table] = row!.digest;
    }
    return found;
  }

  function note(who: string, what: string, { status, text }: Answer): void {
    const code = /"code":\s*"([^"]+)"/.exec(text)?.[1];
    const rows = text.startsWith('[') ? `${(JSON.parse(text) as unknown[]).length} rows` : '';
    report.push({ who, what, answer: [status, code ?? rows].filter(Boolean).join(' ') });
  }

  it('from outside changes nothing, sees nothing, and is not told what exists', async () => {
    const before = await contents();
    const leaks = await Promise.all(
      strangers.map(async (intruder) => {
        const found: string[] = [];
        for (const { what, run } of attempts) {
          const [answer, control] = await Promise.all([run(intruder, real), run(intruder, made)]);
          note(intruder.who, what, answer);
          const isAcknowledged =
            answer.status !== control.status || unnamed(answer.text) !== unnamed(control.text);
          if (isAcknowledged || answer.status >= 500)
            found.push(`${intruder.who}, ${what}: ${words(answer)} / ${words(control)}`);
        }
        return found;
      }),
    );
    expect(leaks.flat()).toEqual([]);
    expect(await contents()).toEqual(before);
  });

  it('as a viewer reads what a viewer may, and changes nothing', async () => {
    const before = await contents();
    for (const { what, run } of attempts) {
      if (LEAVING.includes(what)) continue;
      const answer = await run(viewer, real);
      note(viewer.who, what, answer);
      expect(answer.status, `${what}: ${answer.text}`).toBeLessThan(500);
      expect(answer.text, what).not.toMatch(/ciphertext|token_hash/);
    }
    // A viewer may start conversations and export: delete the rows that this made.
    await sql`
      delete from public.voice_sessions
      where workspace_id = ${real.workspaceId} and user_id <> ${owner.id}`;
    await sql`
      delete from public.audit_events
      where workspace_id = ${real.workspaceId} and action = 'export' and actor_id <> ${owner.id}`;
    expect(await contents()).toEqual(before);
  });

  it('hears nothing on the topic of a workspace, and sends nothing there', async () => {
    const policies = await sql`
      select policyname from pg_policies where schemaname = 'realtime' and tablename = 'messages'`;
    expect(policies.map(({ policyname }) => policyname as string)).toEqual([
      'members receive the hints of their workspace',
    ]);
    for (const intruder of strangers) {
      const answers = [
        await joinTopic(intruder, real.workspaceId),
        await joinTopic(intruder, made.workspaceId),
      ];
      report.push({ who: intruder.who, what: 'topic of the workspace', answer: answers[0]! });
      expect(answers, intruder.who).toEqual(['CHANNEL_ERROR', 'CHANNEL_ERROR']);
    }
    expect(await joinTopic(viewer, real.workspaceId)).toBe('SUBSCRIBED');
  });

  async function joinTopic({ token }: Intruder, workspaceId: string): Promise<string> {
    const { supabase_url, publishable_key } = runningStack();
    const client = createClient(supabase_url, publishable_key, {
      auth: { persistSession: false, autoRefreshToken: false },
      ...(token !== null && { accessToken: () => Promise.resolve(token) }),
    });
    if (token !== null) await client.realtime.setAuth(token);
    const channel = client.channel(workspaceTopic(workspaceId), { config: { private: true } });
    const status = await new Promise<string>((resolve) => {
      channel.subscribe((state) => resolve(state));
    });
    await client.removeAllChannels();
    return status;
  }
});

/** References the target where the name says so. */
function valueFor(name: string, type: string, target: Target): unknown {
  if (type === 'uuid') {
    if (/workspace/.test(name)) return target.workspaceId;
    if (/session/.test(name)) return target.sessionId;
    if (/agent/.test(name)) return target.agentId;
    if (/user|_by$|owner|member/.test(name)) return target.userId;
    return target.serverId;
  }
  if (type.endsWith('[]')) return [];
  if (type === 'boolean') return true;
  if (/int|numeric|double/.test(type)) return 1;
  if (type.startsWith('jsonb')) return /s$/.test(name) ? [] : {};
  if (type.startsWith('timestamp')) return '2026-01-01T00:00:00Z';
  if (/url/.test(name)) return 'https://intruder.example/mcp';
  if (/role/.test(name)) return 'owner';
  return 'intruder';
}

function words({ status, text }: Answer): string {
  return `${status} ${text}`;
}

/** Removes what differs between requests: IDs and times. */
function unnamed(text: string): string {
  const ids = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;
  return text.replaceAll(ids, '<id>').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00|Z)/g, '<time>');
}
