import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHints } from '../../../agent-worker/src/conversation/hints.ts';
import { joinTopic, openProject, type Project } from '../fixtures/project.ts';

const LASTS_S = 2;
let project: Project;

beforeAll(async () => {
  project = await openProject({ realtimeKeyTokenSeconds: LASTS_S });
}, 60_000);
afterAll(() => project?.close());

test('Realtime closes its channels, and refuses it on the same socket', async () => {
  const client = project.client(project.supabase.secretKey);
  const statuses: string[] = [];
  client.channel('private', { config: { private: true } }).subscribe((status) => statuses.push(status));
  await expect.poll(() => statuses, { timeout: 10_000 }).toEqual(['SUBSCRIBED', 'CLOSED']);
  const again = await joinTopic(client, 'another');
  expect(again.status).toBe('CHANNEL_ERROR');
  expect(again.reason).toMatch(/expired/);
});

test('the worker joins again on another socket, and hears hints', async () => {
  const workspaceId = crypto.randomUUID();
  let joins = 0;
  let hints = 0;
  const subscription = openHints(
    project.client(project.supabase.secretKey) as never,
    workspaceId,
    crypto.randomUUID(),
    { onHint: () => (hints += 1), onJoined: () => (joins += 1), onServerSeen: () => {} },
    { warn: () => {} },
  );
  try {
    await expect.poll(() => joins, { timeout: 10_000 }).toBe(2);
    await project.sql`select realtime.send('{}'::jsonb, 'servers.changed', ${`workspace:${workspaceId}`}, true)`;
    await expect.poll(() => hints, { timeout: 1_500 }).toBe(1);
  } finally {
    await subscription.close();
  }
});
