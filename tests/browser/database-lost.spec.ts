import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { z } from 'zod';
import { browserOptions } from '../support/browser/browser.ts';
import { modelSessions } from '../support/model-view.ts';
import { addDemoServer, newPerson, type Person } from '../support/person.ts';
import { RoomClient } from '../support/room-client.ts';
import { serviceClient } from '../support/rest-api.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });
test.skip(!hasStack || runningStack().database_url === undefined, 'the database runs elsewhere');

/** Each of two editors writes its own column, so neither can hide a lost edit of the other. */
const KEPT = 50;
const EDITORS = 2 * KEPT;
const REPORTERS = 60;
const DELETERS = 40;
const ACKNOWLEDGED_BEFORE_KILL = 120;
const RETURN_MS = 60_000;
/** Milliseconds after the last change. */
const AGREE_MS = 5_000;

/** Killing the postmaster ends all its processes. */
function databasePid(): number {
  const folder = join(dirname(process.env['PATCHBAY_STACK'] ?? ''), 'supabase');
  let cluster = join(folder, 'postgres');
  try {
    cluster = readFileSync(join(folder, 'postgres-is-elsewhere.txt'), 'utf8').trim();
  } catch {
    // The cluster lies beside the other data.
  }
  return Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

const Row = z.object({
  id: z.string(),
  description: z.string(),
  metadata: z.object({ edit: z.number().optional() }),
});

interface Writers {
  /** By editor. */
  edited: Map<number, number>;
  deleted: Set<string>;
  acknowledged: number;
  failed: number;
  done: Promise<unknown>;
}

function startWriters(person: Person, ids: string[], isOver: () => boolean): Writers {
  const writers: Writers = {
    edited: new Map(),
    deleted: new Set(),
    acknowledged: 0,
    failed: 0,
    done: Promise.resolve(),
  };
  const system = serviceClient();
  const doomed = ids.slice(0, DELETERS);
  const kept = ids.slice(DELETERS);
  const count = (isDone: boolean): void => void (isDone ? writers.acknowledged++ : writers.failed++);

  async function edit(n: number): Promise<void> {
    for (let i = 1; !isOver(); i += 1) {
      const change = n < KEPT ? { description: String(i) } : { metadata: { edit: i } };
      const { data, error } = await person.client
        .from('mcp_servers')
        .update(change)
        .eq('id', kept[n % KEPT])
        .select('id');
      const isDone = error === null && data.length === 1;
      count(isDone);
      if (isDone) writers.edited.set(n, i);
    }
  }
  async function report(n: number): Promise<void> {
    const server_id = kept[n % KEPT];
    while (!isOver()) {
      const observed_at = new Date().toISOString();
      const p_observations = [
        { server_id, config_version: 1, observed_at, source: 'session', status: 'connected' },
      ];
      count((await system.rpc('report_server_status', { p_observations })).error === null);
    }
  }
  async function remove(n: number): Promise<void> {
    const id = doomed[n]!;
    await new Promise((resolve) => setTimeout(resolve, n * 50));
    const { error, data } = await person.client.from('mcp_servers').delete().eq('id', id).select('id');
    const isDone = error === null && data.length === 1;
    count(isDone);
    if (isDone) writers.deleted.add(id);
  }

  const many = (length: number, work: (n: number) => Promise<void>) =>
    Array.from({ length }, (_, n) => work(n));
  writers.done = Promise.all([...many(EDITORS, edit), ...many(REPORTERS, report), ...many(DELETERS, remove)]);
  return writers;
}

test('a database killed under two hundred writers keeps every acknowledged write', async ({ page }) => {
  test.setTimeout(400_000);
  const person = await newPerson('crash');
  const rows = Array.from({ length: DELETERS + KEPT }, (_, n) => ({
    name: `Crash ${n}`,
    url: 'http://127.0.0.1:9/mcp',
    is_active: false,
  }));
  const added = await person.client.from('mcp_servers').insert(rows).select('id').throwOnError();
  const ids = (added.data as { id: string }[]).map(({ id }) => id);
  const hasVoice = !runningStack().voice_unavailable;
  const talk = hasVoice ? await RoomClient.join(person) : null;
  await signIn(page, person);

  let isOver = false;
  const before = databasePid();
  const writers = startWriters(person, ids, () => isOver);
  try {
    await expect
      .poll(() => writers.acknowledged, { timeout: RETURN_MS })
      .toBeGreaterThan(ACKNOWLEDGED_BEFORE_KILL);
    process.kill(before, 'SIGKILL');
    await expect.poll(() => writers.failed, { timeout: RETURN_MS }).toBeGreaterThan(0);
    const acknowledged = writers.acknowledged;
    await expect.poll(() => writers.acknowledged, { timeout: RETURN_MS }).toBeGreaterThan(acknowledged);
  } finally {
    isOver = true;
    await writers.done;
  }

  await test.step('what was acknowledged is there', async () => {
    const { data } = await person.client
      .from('mcp_servers')
      .select('id, description, metadata')
      .throwOnError();
    const found = new Map(
      Row.array()
        .parse(data)
        .map((row) => [row.id, row]),
    );
    for (const id of writers.deleted) expect(found.has(id)).toBe(false);
    for (const [n, last] of writers.edited) {
      const row = found.get(ids[DELETERS + (n % KEPT)]!);
      // An edit in flight may have arrived without a response.
      expect(n < KEPT ? Number(row?.description) : row?.metadata.edit).toBeGreaterThanOrEqual(last);
    }
  });

  await test.step('the page, the worker and the database say the same', async () => {
    const [last] = ids.slice(-1);
    await person.client.from('mcp_servers').update({ name: 'After the crash' }).eq('id', last).throwOnError();
    // Rows are rendered when they scroll into view, so search for the name.
    const search = page.getByRole('searchbox', { name: 'Search' });
    await search.fill('After the crash');
    await expect(page.getByRole('link', { name: 'After the crash', exact: true })).toBeVisible({
      timeout: AGREE_MS,
    });
    await search.fill('');
    const { count } = await person.client.from('mcp_servers').select('id', { count: 'exact', head: true });
    await expect(page.getByRole('link', { name: `Servers ${count}` })).toBeVisible({ timeout: AGREE_MS });
    if (!talk) return;
    await addDemoServer(person, 'clock');
    const tools = async (): Promise<string[]> =>
      (await modelSessions()).flatMap((session) => session.tools.map(({ name }) => name));
    await expect.poll(tools, { timeout: AGREE_MS }).toContain('clock__current_time');
  });

  await test.step('no lease is stuck', async () => {
    if (!talk) return;
    const dispatch = async (): Promise<unknown> =>
      (await person.client.functions.invoke('voice-dispatch', { body: { session_id: talk.sessionId } })).data;
    await expect.poll(dispatch, { timeout: RETURN_MS }).toEqual({ dispatched: false });
    await talk.leave();
  });
  expect(databasePid()).not.toBe(before);
});
