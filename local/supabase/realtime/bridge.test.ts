import { REALTIME_SUBSCRIBE_STATES } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { joinTopic, openProject, type Joined, type Project, type User } from '../fixtures/project.ts';

let project: Project;

beforeAll(async () => {
  project = await openProject();
}, 60_000);
afterAll(() => project?.close());

const signUp = (name: string): Promise<User> => project.signUp(name);

test('a private channel is for those whom the policies let in, and hears the database', async () => {
  const [ann, bob] = await Promise.all([signUp('ann'), signUp('bob')]);
  const topic = `notes:${ann.id}`;
  const stranger = await joinTopic(bob.client, topic);
  expect(stranger.status).toBe('CHANNEL_ERROR');
  expect(stranger.reason).toContain('Unauthorized');
  expect((await joinTopic(project.client(), topic)).status).toBe('CHANNEL_ERROR');

  const [own, service] = await Promise.all([
    joinTopic(ann.client, topic),
    joinTopic(project.client(project.supabase.secretKey), topic),
  ]);
  expect([own.status, service.status]).toEqual(['SUBSCRIBED', 'SUBSCRIBED']);
  const { data: note } = await ann.client.from('notes').insert({ title: 'heard' }).select('id').single();
  const expected = { id: note?.id as string, title: 'heard' };
  expect(await own.heard('note')).toEqual(expected);
  expect(await service.heard('note')).toEqual(expected);
});

test('messages keep their order and may be large; one that is rolled back is never heard', async () => {
  const { client: ann, id } = await signUp('ann');
  const { heard } = await joinTopic(ann, `notes:${id}`);
  const large = 'x'.repeat(100_000);
  await project.sql
    .begin(async (transaction) => {
      await transaction`select realtime.send('{"n": -1}', 'count', ${`notes:${id}`})`;
      throw new Error('rolled back');
    })
    .catch(() => undefined);
  for (let n = 0; n < 20; n++) {
    const payload = project.sql.json(n === 10 ? { n, large } : { n });
    await project.sql`select realtime.send(${payload}, 'count', ${`notes:${id}`})`;
  }
  for (let n = 0; n < 20; n++) {
    const payload = await heard('count');
    expect(payload['n']).toBe(n);
    if (n === 10) expect(payload['large']).toBe(large);
  }
});

test('clients of both protocols broadcast on a private channel only as the insert policies allow', async () => {
  const { client: ann, id, token } = await signUp('ann');
  const old = project.client(undefined, { realtime: { vsn: '1.0.0' } });
  await old.realtime.setAuth(token);
  const config = { private: true, broadcast: { ack: true } };
  const [first, second] = await Promise.all([
    joinTopic(ann, `notes:${id}`, config),
    joinTopic(old, `notes:${id}`, config),
  ]);
  expect([first.status, second.status]).toEqual(['SUBSCRIBED', 'SUBSCRIBED']);
  const say = (from: Joined, text: string): Promise<string> =>
    from.channel.send({ type: 'broadcast', event: 'say', payload: { text } });
  expect(await say(first, 'häré')).toBe('ok');
  expect(await second.heard('say')).toEqual({ text: 'häré' });
  expect(await say(second, 'there')).toBe('ok');
  expect(await first.heard('say')).toEqual({ text: 'there' });

  await project.sql`drop policy "owners talk on their topic" on realtime.messages`;
  try {
    const late = await joinTopic(project.client(), 'nothing', { private: false, broadcast: { ack: true } });
    expect(await say(late, 'public')).toBe('ok');
    await ann.realtime.setAuth((await ann.auth.refreshSession()).data.session?.access_token);
    expect(await say(first, 'refused')).toBe('error');
  } finally {
    await project.sql`create policy "owners talk on their topic" on realtime.messages for insert to authenticated
      with check (realtime.topic() = 'notes:' || (select auth.uid()))`;
  }
});

test('bytes arrive as bytes', async () => {
  const { client: ann, id } = await signUp('ann');
  const { channel } = await joinTopic(ann, `notes:${id}`, { private: true, broadcast: { self: true } });
  const heard = new Promise<unknown>((done) =>
    channel.on('broadcast', { event: 'bytes' }, ({ payload }) => done(payload)),
  );
  await channel.send({ type: 'broadcast', event: 'bytes', payload: new Uint8Array([0, 1, 255]).buffer });
  expect(new Uint8Array((await heard) as ArrayBuffer)).toEqual(new Uint8Array([0, 1, 255]));
});

test('a new token is asked of the policies again', async () => {
  const [ann, bob] = await Promise.all([signUp('ann'), signUp('bob')]);
  const closed = await new Promise<string>((done) => {
    const channel = ann.client.channel(`notes:${ann.id}`, { config: { private: true } });
    channel.subscribe((status) => {
      if (status === REALTIME_SUBSCRIBE_STATES.SUBSCRIBED) void ann.client.realtime.setAuth(bob.token);
      else done(status);
    });
  });
  expect(closed).toBe('CLOSED');
});

test('who was connected while the database was away joins again, since hints may have been missed', async () => {
  const { client: ann, id } = await signUp('ann');
  const statuses: string[] = [];
  const channel = ann.channel(`notes:${id}`, { config: { private: true } });
  const titles: unknown[] = [];
  channel.on('broadcast', { event: 'note' }, ({ payload }) => titles.push(payload['title']));
  channel.subscribe((status) => statuses.push(status));
  await expect.poll(() => statuses, { timeout: 10_000 }).toEqual(['SUBSCRIBED']);
  await project.sql`
    select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%realtime_messages%'`;
  await expect
    .poll(() => statuses.filter((status) => status === 'SUBSCRIBED').length, { timeout: 15_000 })
    .toBe(2);
  await ann.from('notes').insert({ title: 'after' });
  await expect.poll(() => titles, { timeout: 10_000 }).toContain('after');
});

test('what is not there is refused in words', async () => {
  const { reason } = await new Promise<{ reason: string | undefined }>((done) =>
    project
      .client()
      .channel('changes')
      .on('postgres_changes', { event: '*', schema: 'public', table: 'notes' }, () => undefined)
      .subscribe((_, error) => done({ reason: error?.message })),
  );
  expect(reason).toContain('postgres_changes');
});
