import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SessionServer, startSessionServer, tool } from '../../../shared/test/support/session-server.ts';
import { type OwnWorker, startOwnWorker } from '../../support/own-worker.ts';
import { addServer, newPerson, type Person } from '../../support/person.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
const TIMEOUT_MS = 16_000;

describe.runIf(hasVoice)('a conversation whose person is away', () => {
  let person: Person;
  let client: RoomClient;
  let server: SessionServer;
  let worker: OwnWorker;

  beforeAll(async () => {
    server = await startSessionServer();
    server.tools = [{ ...tool('report'), annotations: { readOnlyHint: true } }];
    person = await newPerson('away');
    await addServer(person, 'workshop', server.url, { trusts_hints: true });
    worker = await startOwnWorker({ PATCHBAY_IDLE_TIMEOUT_MS: String(TIMEOUT_MS) });
    client = await RoomClient.join(person, undefined, worker.agentName);
    await client.waitForActivity('tools', ({ names }) => names.includes('workshop__report'), 0, 45_000);
    await client.hearsVoice(0);
  }, 120_000);
  afterAll(async () => {
    await client?.leave();
    await worker?.end();
    await server?.stop();
  });

  const session = async () => {
    const { data } = await person.client
      .from('voice_sessions')
      .select('state, end_reason')
      .eq('id', client.sessionId)
      .single();
    return data;
  };
  const warnings = () => client.activity.filter(({ type }) => type === 'idle');

  it('continues while a background call runs, until its result was spoken', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.beforeAnswer = () => promise;
    const askedAtMs = Date.now();
    await client.type('Run the report');
    await client.agentSays(/we can keep talking/i, askedAtMs, 30_000);
    // Longer than the idle timeout, shorter than a call may take.
    await sleep(askedAtMs + TIMEOUT_MS + 3_000 - Date.now());
    expect(warnings()).toEqual([]);
    resolve();
    await client.agentSays(/report ran/i, askedAtMs);
  });

  it('warns them by voice and in the page, and goes on when they say something', async () => {
    const warning = await client.waitForActivity('idle', () => true, 0, 2 * TIMEOUT_MS);
    expect(warning.ends_in_ms).toBe(TIMEOUT_MS / 2);
    await client.agentSays(/are you still there\? I'll end this conversation in 8 seconds/i, 0);
    const since = Date.now();
    await client.type('Hello');
    await client.agentSays(/hello/i, since);
    expect(await session()).toMatchObject({ state: 'active' });
  });

  it('ends when they stay away, and says why', async () => {
    await expect.poll(warnings, { timeout: 2 * TIMEOUT_MS }).toHaveLength(2);
    await expect.poll(session, { timeout: 2 * TIMEOUT_MS }).toEqual({ state: 'ended', end_reason: 'idle' });
    await expect.poll(() => client.agents, { timeout: 15_000 }).toEqual([]);
  });
});
