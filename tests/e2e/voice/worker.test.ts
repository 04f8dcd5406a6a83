import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { addDemoServer, newPerson, type Person } from '../../support/person.ts';
import { type OwnWorker, startOwnWorker } from '../../support/own-worker.ts';
import { serviceClient } from '../../support/rest-api.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
/** Longer than the timeouts of a Realtime join, a status report and a database request. */
const DATABASE_AWAY_MS = 30_000;
const DRAIN_MS = 1_000;
/** A conversation's process may take 30 s to start. */
const PATIENCE_MS = 90_000;

describe.runIf(hasVoice)('a worker', { timeout: 300_000 }, () => {
  let worker: OwnWorker;
  const clients: RoomClient[] = [];

  beforeAll(async () => {
    worker = await startOwnWorker();
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.error(worker.log());
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.leave()));
    await worker?.end();
  });

  async function talk(name: string, by = worker): Promise<{ person: Person; client: RoomClient }> {
    const person = await newPerson(name);
    await addDemoServer(person, 'clock');
    const client = await RoomClient.join(person, undefined, by.agentName);
    clients.push(client);
    await client.waitForActivity('tools', ({ names }) => names.includes('clock__countdown'), 0, PATIENCE_MS);
    await client.hearsVoice(0, PATIENCE_MS);
    await client.hearsSilence(700, PATIENCE_MS);
    return { person, client };
  }

  async function row(client: RoomClient) {
    const { data } = await serviceClient()
      .from('voice_sessions')
      .select('state, end_reason')
      .eq('id', client.sessionId)
      .single<{ state: string; end_reason: string | null }>();
    return data;
  }

  async function outcomes(client: RoomClient): Promise<string[]> {
    const { data } = await serviceClient()
      .from('tool_calls')
      .select('tool_name, outcome')
      .eq('session_id', client.sessionId)
      .order('started_at')
      .returns<{ tool_name: string; outcome: string }[]>();
    return (data ?? []).map(({ tool_name, outcome }) => `${tool_name} ${outcome}`);
  }

  it('records each call once, also those made while the database and Realtime were away', async () => {
    const { person, client } = await talk('offline');
    const ask = async (city: string): Promise<void> => {
      const since = Date.now();
      await client.type(`What time is it in ${city}?`);
      await client.agentSays(new RegExp(`in ${city}`, 'i'), since, PATIENCE_MS);
      await client.hearsSilence(700, PATIENCE_MS);
    };
    await worker.database.pull();
    const awayAtMs = Date.now();
    await ask('Tokyo');
    // No hint is received, so it is seen only when the database is back.
    await addDemoServer(person, 'everything');
    await ask('Paris');
    await sleep(Math.max(0, DATABASE_AWAY_MS - (Date.now() - awayAtMs)));
    const from = client.activity.length;
    await worker.database.plug();
    await client.waitForActivity(
      'tools',
      ({ names }) => names.some((name) => name.startsWith('everything__')),
      from,
      PATIENCE_MS,
    );
    await ask('London');
    const called = ['current_time ok', 'current_time ok', 'current_time ok'];
    await expect.poll(() => outcomes(client), { timeout: PATIENCE_MS, interval: 500 }).toEqual(called);
  });

  it('records a call that a hang-up has ended, when the database is back', async () => {
    const { client } = await talk('hang-up');
    const from = client.activity.length;
    await client.type('Countdown of 30 seconds');
    await client.waitForActivity('tool_call', ({ phase }) => phase === 'started', from, PATIENCE_MS);
    await worker.database.pull();
    await client.leave();
    await expect
      .poll(() => worker.log().includes('the conversation ends'), { timeout: PATIENCE_MS })
      .toBe(true);
    await worker.database.plug();
    await expect
      .poll(() => outcomes(client), { timeout: PATIENCE_MS, interval: 500 })
      .toEqual(['countdown cancelled']);
    await expect
      .poll(() => row(client), { timeout: PATIENCE_MS })
      .toEqual({ state: 'ended', end_reason: 'user_left' });
  });

  it('goes on with the other conversations when the process of one is killed', async () => {
    const before = new Set(worker.jobs());
    const one = await talk('crash-one');
    const other = await talk('crash-other');
    // The first conversation took the process that was warm before.
    const pidOfOne = worker.jobs().find((pid) => before.has(pid));
    const asked = Date.now();
    await other.client.type('Tell me a long story');
    await other.client.hearsVoice(asked, PATIENCE_MS);
    process.kill(pidOfOne ?? 0, 'SIGKILL');
    const killedAtMs = Date.now();
    await other.client.hearsVoice(killedAtMs + 2_000, PATIENCE_MS);
    await other.client.hearsSilence(700, 90_000);
    const since = Date.now();
    await other.client.type('What time is it in Tokyo?');
    await other.client.agentSays(/in tokyo/i, since, PATIENCE_MS);
    expect(worker.jobs()).not.toContain(pidOfOne);
    await one.client.leave();
    await other.client.leave();
  });

  it('drains: takes no more conversations, says goodbye when the time is over, and leaves the room to another', async () => {
    const leaving = await startOwnWorker({ PATCHBAY_DRAIN_TIMEOUT_MS: String(DRAIN_MS) });
    onTestFinished(({ task }) => {
      if (task.result?.state === 'fail') console.error(leaving.log());
      return leaving.end();
    });
    const { client } = await talk('drained', leaving);
    const since = Date.now();
    await client.type('Tell me a long story');
    await client.hearsVoice(since, PATIENCE_MS);
    const agent = client.agents[0];
    const drained = leaving.drain();
    await client.agentSays(/I have to go now/i, since, PATIENCE_MS);
    await drained;
    expect(await row(client)).toEqual({ state: 'starting', end_reason: 'worker_drained' });

    // The stack's own worker takes over, as another machine would.
    await expect.poll(() => client.callAgent(), { timeout: PATIENCE_MS, interval: 500 }).toBe(true);
    await expect
      .poll(() => client.agents.filter((other) => other !== agent), { timeout: PATIENCE_MS })
      .toHaveLength(1);
    await expect
      .poll(() => row(client), { timeout: PATIENCE_MS })
      .toEqual({ state: 'active', end_reason: null });
    const asked = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/in tokyo/i, asked, PATIENCE_MS);
  });
});
