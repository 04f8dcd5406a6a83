import { setImmediate as tick } from 'node:timers/promises';
import fc from 'fast-check';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

const REPORTERS = 4;
const STATUSES = ['connecting', 'connected', 'error', 'needs_auth'] as const;

interface Seen {
  version: number;
  /** Seconds since the start of the run; times in the future count as the time of arrival. */
  at: number;
  status: (typeof STATUSES)[number];
}

const Observation = fc.record({
  at: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -20, max: -1 }) }, fc.constant(3600)),
  status: fc.constantFrom(...STATUSES),
});
/** A reporter knows the version that it last read; some invent one. */
const ReporterStep = fc.record({
  ticks: fc.nat(4),
  do: fc.oneof(
    fc.constant('look' as const),
    fc.array(Observation, { minLength: 1, maxLength: 3 }),
    fc.record({ foreignVersion: fc.constantFrom(-1, 0, 99), observation: Observation }),
  ),
});
const Run = fc.record({
  reporters: fc.array(fc.array(ReporterStep, { maxLength: 6 }), {
    minLength: REPORTERS,
    maxLength: REPORTERS,
  }),
  edits: fc.array(fc.nat(6), { maxLength: 3 }),
});

type Run = typeof Run extends fc.Arbitrary<infer Value> ? Value : never;

let editor: Sql;
let watcher: Sql;
let reporters: Sql[];
let workspaceId: string;

beforeAll(async () => {
  const open = (): Sql => postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  [editor, watcher] = [open(), open()];
  reporters = Array.from({ length: REPORTERS }, open);
  const [user] = await editor<{ id: string }[]>`
    insert into auth.users (id, email) values (gen_random_uuid(), 'status@database.test') returning id`;
  const [workspace] = await editor<{ id: string }[]>`
    select id from public.workspaces where created_by = ${user!.id}`;
  workspaceId = workspace!.id;
});
afterAll(() => Promise.all([editor, watcher, ...reporters].map((sql) => sql.end({ timeout: 2 }))));

async function runOnce({ reporters: steps, edits }: Run) {
  const startedAt = Date.now() - 1_000;
  const [added] = await editor<{ id: string }[]>`
    insert into public.mcp_servers (workspace_id, name, url)
    values (${workspaceId}, 'Watched', 'https://watched.example/0') returning id`;
  const id = added!.id;
  const seen: Seen[] = [];

  async function report(sql: Sql, version: number, observations: Omit<Seen, 'version'>[]): Promise<number> {
    const rows = observations.map(({ at, status }) => ({
      server_id: id,
      config_version: version,
      observed_at: new Date(startedAt + at * 1_000).toISOString(),
      source: 'session',
      status,
    }));
    const [answer] = await sql<{ applied: number }[]>`
      select public.report_server_status(${sql.json(rows)}) as applied`;
    return answer!.applied;
  }

  async function reporter(sql: Sql, mine: (typeof steps)[number]): Promise<void> {
    let version = 1;
    for (const { ticks, do: step } of mine) {
      for (let i = 0; i < ticks; i += 1) await tick();
      if (step === 'look') {
        const [row] = await sql<{ config_version: number }[]>`
          select config_version from public.mcp_servers where id = ${id}`;
        version = row!.config_version;
      } else if (Array.isArray(step)) {
        await report(sql, version, step);
        seen.push(...step.map((observation) => ({ version, ...observation })));
      } else {
        const { foreignVersion, observation } = step;
        expect(await report(sql, foreignVersion, [observation])).toBe(0);
      }
    }
  }

  async function edit(): Promise<void> {
    for (const [n, ticks] of edits.entries()) {
      for (let i = 0; i < ticks; i += 1) await tick();
      const [row] = await editor`
        update public.mcp_servers set url = ${`https://watched.example/${n + 1}`} where id = ${id}
        returning connection_status, status_observed_at, status_config_version, error_code`;
      expect(row).toEqual({
        connection_status: 'disconnected',
        status_observed_at: null,
        status_config_version: null,
        error_code: null,
      });
    }
  }

  let isOver = false;
  async function watch(): Promise<void> {
    let last = { version: 0, at: 0 };
    while (!isOver) {
      const [row] = await watcher<{ version: number; at: Date | null; of: number | null }[]>`
        select config_version as version, status_observed_at as at, status_config_version as of
        from public.mcp_servers where id = ${id}`;
      const now = { version: row!.version, at: row!.at?.getTime() ?? 0 };
      if (now.version === last.version) expect(now.at).toBeGreaterThanOrEqual(last.at);
      if (row!.of !== null) expect(row!.of).toBe(row!.version);
      last = now;
    }
  }

  const watching = watch();
  await Promise.all([edit(), ...steps.map((mine, i) => reporter(reporters[i]!, mine))]).finally(
    () => (isOver = true),
  );
  await watching;

  const [end] = await editor<{ version: number; status: string; at: Date | null }[]>`
    delete from public.mcp_servers where id = ${id}
    returning config_version as version, connection_status as status, status_observed_at as at`;
  expect(end!.version).toBe(edits.length + 1);
  const current = seen.filter(({ version }) => version === end!.version);
  const newest = current.filter(({ at }) => at === Math.max(...current.map((other) => other.at)));
  if (newest.length === 0) expect(end).toMatchObject({ status: 'disconnected', at: null });
  else expect(newest.map(({ status }) => status)).toContain(end!.status);
}

it('a late, older or foreign observation never overwrites newer truth; an edit makes it unknown', async () => {
  await fc.assert(fc.asyncProperty(Run, runOnce), { numRuns: 60 });
});
