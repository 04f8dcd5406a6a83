import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelSessions } from '../../support/model-view.ts';
import { addDemoServer, newPerson, type Person } from '../../support/person.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';

/** For short steps on a busy machine. */
const PATIENCE_MS = 60_000;
const hasVoice = hasStack && !runningStack().voice_unavailable;

describe.runIf(hasVoice)('an agent that is changed in the middle of a conversation', () => {
  /** Distinguishes this conversation's model session from all others. */
  const marker = `You are ${randomUUID()}.`;
  let person: Person;
  let client: RoomClient;
  let agentId: string;
  let clockId: string;

  beforeAll(async () => {
    person = await newPerson('changes');
    clockId = await addDemoServer(person, 'clock');
    await addDemoServer(person, 'notes');
    const { data } = await person.client.from('agent_configs').select('id').single<{ id: string }>();
    agentId = data?.id ?? '';
    await change({ system_prompt: `${marker} At first.` });
    client = await RoomClient.join(person);
    await client.waitForActivity('tools', ({ names }) => names.includes('notes__add_note'), 0, PATIENCE_MS);
    await client.waitForActivity('tools', ({ names }) => names.includes('clock__countdown'), 0, PATIENCE_MS);
    await client.hearsVoice(0, PATIENCE_MS);
  });
  afterAll(() => client?.leave());

  async function change(patch: object): Promise<void> {
    const { error } = await person.client.from('agent_configs').update(patch).eq('id', agentId);
    expect(error).toBeNull();
  }
  const ownSession = async () =>
    (await modelSessions()).find(({ instructions }) => instructions.includes(marker));
  async function tellsTheTime(): Promise<void> {
    await client.hearsSilence();
    const since = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/in tokyo/i, since, PATIENCE_MS);
  }

  it('has its new prompt at once, and goes on', async () => {
    const before = await ownSession();
    await change({ system_prompt: `${marker} From now on.` });
    await expect
      .poll(async () => (await ownSession())?.instructions, { timeout: PATIENCE_MS })
      .toContain('From now on.');
    expect((await ownSession())?.id).toBe(before?.id);
    await tellsTheTime();
  });

  it('has the servers that were chosen for it at once', async () => {
    const from = client.activity.length;
    const given = await person.client
      .from('agent_config_servers')
      .insert({ agent_config_id: agentId, server_id: clockId });
    expect(given.error).toBeNull();
    await change({ all_servers: false });
    const activity = await client.waitForActivity(
      'tools',
      ({ names, acknowledged }) => acknowledged && !names.includes('notes__add_note'),
      from,
      PATIENCE_MS,
    );
    expect(activity.names).toContain('clock__countdown');
    expect((await ownSession())?.tools.map(({ name }) => name)).not.toContain('notes__add_note');
  });

  it('and all of them again', async () => {
    const from = client.activity.length;
    await change({ all_servers: true });
    await client.waitForActivity(
      'tools',
      ({ names }) => names.includes('notes__add_note'),
      from,
      PATIENCE_MS,
    );
  });

  it('listens in the new way at once, and goes on', async () => {
    const before = await ownSession();
    expect(before).toMatchObject({
      model: 'gpt-realtime-2.1',
      input: { turn_detection: { type: 'server_vad' }, transcription: { model: 'gpt-transcribe' } },
    });
    await change({ turn_detection: 'semantic', turn_eagerness: 'high', language: 'en-US' });
    await expect
      .poll(async () => (await ownSession())?.input, { timeout: PATIENCE_MS })
      .toMatchObject({
        turn_detection: { type: 'semantic_vad', eagerness: 'high' },
        transcription: { languages: ['en'] },
      });
    expect((await ownSession())?.id).toBe(before?.id);
    await tellsTheTime();
  });

  it('keeps its voice and model to the end, and has the new ones in the next conversation', async () => {
    const before = await ownSession();
    // The prompt takes the same path, so once it has arrived, the rest has too.
    await change({
      voice_model: 'ash',
      model: 'gpt-realtime-2.1-mini',
      reasoning_effort: 'low',
      system_prompt: `${marker} With another voice.`,
    });
    await expect
      .poll(async () => (await ownSession())?.instructions, { timeout: PATIENCE_MS })
      .toContain('With another voice.');
    expect(await ownSession()).toMatchObject({
      id: before?.id,
      voice: 'coral',
      model: 'gpt-realtime-2.1',
      reasoning: null,
    });
    await tellsTheTime();
    await client.leave();

    client = await RoomClient.join(person);
    await client.hearsVoice(0, PATIENCE_MS);
    const sessions = await modelSessions();
    expect(
      sessions.filter(({ instructions, id }) => instructions.includes(marker) && id !== before?.id),
    ).toMatchObject([
      {
        voice: 'ash',
        model: 'gpt-realtime-2.1-mini',
        reasoning: { effort: 'low' },
        input: { turn_detection: { type: 'semantic_vad' } },
      },
    ]);
  });
});
