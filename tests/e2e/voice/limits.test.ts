import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnWorker, startOwnWorker } from '../../support/own-worker.ts';
import { newPerson, type Person } from '../../support/person.ts';
import { invoke, personalWorkspace, serviceClient } from '../../support/rest-api.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;

describe.runIf(hasVoice)('the limits of conversations', () => {
  let person: Person;
  let worker: OwnWorker;

  beforeAll(async () => {
    person = await newPerson('limited');
    worker = await startOwnWorker();
    await serviceClient()
      .from('limits')
      .insert({ name: 'sessions_at_once_per_user', user_id: person.id, allowed: 1 })
      .throwOnError();
  }, 90_000);
  afterAll(() => worker?.end());

  const session = async (id: string) => {
    const { data } = await person.client
      .from('voice_sessions')
      .select('state, end_reason')
      .eq('id', id)
      .single();
    return data;
  };

  it('refuse one too many with what helps, and the user ends the other one from elsewhere', async () => {
    const client = await RoomClient.join(person, undefined, worker.agentName);
    await client.hearsVoice(0);
    const refused = await invoke(person, 'voice-token', {});
    expect(refused).toMatchObject({
      status: 409,
      body: {
        code: 'limit_reached',
        limit: 'sessions_at_once_per_user',
        message: expect.stringContaining('End one of them first') as string,
        hint: 'The operator of this installation can raise the limit.',
      },
    });

    await person.client.rpc('end_conversation', { p_session_id: client.sessionId }).throwOnError();
    await expect.poll(() => client.agents, { timeout: 15_000 }).toEqual([]);
    expect(await session(client.sessionId)).toEqual({ state: 'ended', end_reason: 'ended_elsewhere' });
    // This is how the page of the ended conversation learns why its agent has left.
    expect(await invoke(person, 'voice-dispatch', { session_id: client.sessionId })).toMatchObject({
      status: 409,
      body: { message: 'The conversation was ended from History.' },
    });
    await client.leave();
  }, 90_000);

  it('end a conversation that lasts too long, after a warning by voice and in the page', async () => {
    const client = await RoomClient.join(person, undefined, worker.agentName);
    await client.hearsVoice(0);
    await client.hearsSilence();
    const begun = new Date(Date.now() - 120 * 60_000 + 30_000).toISOString();
    await serviceClient()
      .from('voice_sessions')
      .update({ started_at: begun })
      .eq('id', client.sessionId)
      .throwOnError();
    // The worker checks limits when something of the workspace changes.
    await person.client
      .from('agent_configs')
      .update({ name: 'In a hurry' })
      .eq('workspace_id', await personalWorkspace(person))
      .throwOnError();

    const warning = await client.waitForActivity('time_limit', () => true);
    expect(warning.ends_in_ms).toBeLessThanOrEqual(30_000);
    await client.agentSays(/almost reached its time limit\. I'll end it in \d+ seconds/i, 0);
    expect(await client.waitForActivity('ended', () => true, 0, 40_000)).toMatchObject({
      reason: 'time_limit',
    });
    await expect
      .poll(() => session(client.sessionId), { timeout: 10_000 })
      .toEqual({ state: 'ended', end_reason: 'time_limit' });
    await expect.poll(() => client.agents, { timeout: 15_000 }).toEqual([]);
    await client.leave();
  }, 120_000);
});
