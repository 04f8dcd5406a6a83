import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const Metric = z.object({
  name: z.string(),
  label: z.string().nullable(),
  label_value: z.string().nullable(),
  value: z.number(),
});
const Alerts = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          for: z.string(),
          labels: z.object({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.object({ summary: z.string(), action: z.string() }),
        }),
      ),
    }),
  ),
});
const Dashboard = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })) })),
});

let sql: Sql;
let metrics: z.infer<typeof Metric>[];

beforeAll(async () => {
  sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  await sql`begin`;
  const [user] = await sql<{ id: string }[]>`
    insert into auth.users (id, email) values (gen_random_uuid(), 'metrics@database.test') returning id`;
  const [workspace] = await sql<{ id: string }[]>`
    select id from public.workspaces where created_by = ${user!.id}`;
  const [w, u] = [workspace!.id, user!.id];
  await sql.unsafe(`
    insert into public.mcp_servers (workspace_id, user_id, name, url) values ('${w}', '${u}', 'Late', 'https://a.test');
    update public.mcp_server_health set due_at = now() - interval '100 seconds' where workspace_id = '${w}';
    insert into public.voice_sessions (workspace_id, user_id, room_name, started_at)
    values ('${w}', '${u}', 'metrics', now() - interval '40 seconds');
    insert into public.tool_calls (id, workspace_id, user_id, tool_name, outcome, started_at, duration_ms) values
      (gen_random_uuid(), '${w}', '${u}', 't', 'ok', now() - interval '1 minute', 1000),
      (gen_random_uuid(), '${w}', '${u}', 't', 'timeout', now() - interval '1 minute', 30000),
      (gen_random_uuid(), '${w}', '${u}', 't', 'ok', now() - interval '93 days', 1000);
    insert into public.notice_webhooks (workspace_id, url) values ('${w}', 'https://b.test');
    insert into public.webhook_deliveries (webhook_id, workspace_id, body, due_at)
    select id, workspace_id, '{}', now() - interval '7 minutes' from public.notice_webhooks
    where workspace_id = '${w}';
  `);
  metrics = Metric.array().parse(await sql`select * from public.operating_metrics()`);
});
afterAll(async () => {
  await sql`rollback`;
  await sql.end({ timeout: 2 });
});

const valueOf = (name: string, labelValue: string | null = null): number | undefined =>
  metrics.find((one) => one.name === name && one.label_value === labelValue)?.value;

it('tells what is late, what waits, and how calls went', () => {
  expect(valueOf('patchbay_probe_overdue_seconds')).toBeGreaterThanOrEqual(100);
  expect(valueOf('patchbay_conversation_wait_seconds')).toBeCloseTo(40, 0);
  expect(valueOf('patchbay_conversations', 'starting')).toBe(1);
  expect([valueOf('patchbay_calls_5m', 'ok'), valueOf('patchbay_calls_5m', 'timeout')]).toEqual([1, 1]);
  expect(valueOf('patchbay_call_duration_p95_seconds')).toBe(1);
  expect(valueOf('patchbay_delivery_overdue_seconds')).toBeCloseTo(420, 0);
  expect(valueOf('patchbay_history_overdue_days')).toBeCloseTo(3, 1);
});

it('alerts and dashboard speak of metrics and labels that there are, and no metric is left out', () => {
  const read = (file: string): string => readFileSync(join(DEPLOY, file), 'utf8');
  const rules = Alerts.parse(parse(read('alerts.yml'))).groups.flatMap((group) => group.rules);
  const targets = Dashboard.parse(JSON.parse(read('dashboard.json'))).panels.flatMap(
    (panel) => panel.targets,
  );
  const namesIn = (expressions: string[]): string[] =>
    [...new Set(expressions.join('\n').match(/\bpatchbay_\w+/g) ?? [])].toSorted();

  const exported = [...new Set(metrics.map(({ name }) => name))].toSorted();
  expect(namesIn(targets.map(({ expr }) => expr))).toEqual(exported);
  for (const name of namesIn(rules.map(({ expr }) => expr))) expect(exported).toContain(name);
  for (const { expr } of [...rules, ...targets]) {
    const [, name] = /(patchbay_\w+)/.exec(expr) ?? [];
    const known = metrics.filter((one) => one.name === name);
    for (const [, label] of expr.matchAll(/by \((\w+)\)/g))
      expect(known.map((one) => one.label)).toContain(label);
    for (const [, label, values = ''] of expr.matchAll(/\{(\w+)=~?"([^"]+)"\}/g)) {
      for (const value of values.split('|'))
        expect(known.map((one) => [one.label, one.label_value])).toContainEqual([label, value]);
    }
  }
});
