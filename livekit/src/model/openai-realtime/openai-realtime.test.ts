import { initializeLogger } from '@livekit/agents';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { FakeModel } from '../../testing/fake-model.ts';
import { sessionSnapshot } from '../../testing/snapshot.ts';
import { NO_WATCHER, deploymentOf } from '../../testing/text-model.ts';
import { OpenAIRealtime } from './openai-realtime.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Agent = ReturnType<typeof sessionSnapshot>['agent'];

async function conversation(changes: Partial<Agent> = {}) {
  const fake = new FakeModel();
  await fake.start();
  cleanups.push(() => fake.stop());
  const agentOf = (more: Partial<Agent>): Agent => ({ ...sessionSnapshot([]).agent, ...changes, ...more });
  const voiceModel = new OpenAIRealtime({
    deployment: deploymentOf(fake),
    agent: agentOf({}),
    instructions: 'Test.',
    watcher: { ...NO_WATCHER, onFatal: ({ kind }) => expect.unreachable(kind) },
  });
  const { session, agent } = voiceModel;
  await session.start({ agent, record: false });
  cleanups.push(() => session.close());
  const updates = () => fake.received.filter(({ type }) => type === 'session.update');
  const sounds = () =>
    updates().flatMap(({ session: settings }) =>
      settings?.['audio'] === undefined ? [] : [(settings['audio'] as { input: object }).input],
    );
  await vi.waitFor(() => expect(sounds()).toHaveLength(1));
  return { fake, voiceModel, updates, sounds, agentOf };
}

it('a session starts with the model, voice and reasoning effort of its agent, and listens as configured', async () => {
  const { updates, sounds } = await conversation({
    model: 'gpt-realtime-2.1-mini',
    voice_model: 'ash',
    reasoning_effort: 'low',
    turn_detection: 'semantic',
    turn_eagerness: 'high',
    language: 'de-AT',
  });
  expect(updates()[0]?.session).toMatchObject({
    model: 'gpt-realtime-2.1-mini',
    reasoning: { effort: 'low' },
    audio: { output: { voice: 'ash' } },
  });
  expect(sounds()[0]).toMatchObject({
    turn_detection: { type: 'semantic_vad', eagerness: 'high' },
    transcription: { model: 'gpt-transcribe', languages: ['de'] },
    noise_reduction: { type: 'near_field' },
  });
});

it('turn detection and language change in the live session, and stay so after a reconnect', async () => {
  const { fake, voiceModel, sounds, agentOf } = await conversation();
  expect(voiceModel.turnSettlesMs()).toBe(500);
  voiceModel.applySettings(agentOf({ turn_detection: 'semantic', language: 'fr' }));
  await vi.waitFor(() => expect(sounds()).toHaveLength(2));
  const changed = {
    turn_detection: { type: 'semantic_vad', eagerness: 'auto' },
    transcription: { languages: ['fr'] },
    noise_reduction: { type: 'near_field' },
  };
  expect(sounds()[1]).toMatchObject(changed);
  expect(voiceModel.turnSettlesMs()).toBe(4_500);

  fake.drop();
  await vi.waitFor(() => expect(sounds()).toHaveLength(3), { timeout: 5_000 });
  expect(sounds()[2]).toMatchObject(changed);
});

it('a change that the model rejects is not sent again with the next connection', async () => {
  const { fake, voiceModel, sounds, agentOf } = await conversation({ language: 'de' });
  const heard: string[] = [];
  voiceModel.live.on('openai_server_event_received', ({ type }: { type: string }) => heard.push(type));
  fake.rejectsSettings = { code: 'invalid_value', message: 'no such language' };
  voiceModel.applySettings(agentOf({ language: 'xx' }));
  await vi.waitFor(() => expect(heard).toContain('error'));
  fake.rejectsSettings = null;
  fake.drop();
  await vi.waitFor(() => expect(sounds()).toHaveLength(3), { timeout: 5_000 });
  expect(sounds()[2]).toMatchObject({ transcription: { languages: ['de'] } });
});

it('what only the next conversation takes changes nothing in the live session', async () => {
  const { voiceModel, updates, agentOf } = await conversation();
  const before = updates().length;
  voiceModel.applySettings(
    agentOf({ model: 'gpt-realtime-2', voice_model: 'ash', reasoning_effort: 'high' }),
  );
  // A change that is sent shows that those before it were not.
  voiceModel.applySettings(agentOf({ language: 'it' }));
  await vi.waitFor(() => expect(updates().length).toBeGreaterThan(before));
  expect(updates()).toHaveLength(before + 1);
  expect(updates().at(-1)?.session).not.toHaveProperty('model');
});
