import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RehearsalModel, startRehearsalModel } from '../../../local/model/server.ts';
import { type OwnWorker, startOwnWorker } from '../../support/own-worker.ts';
import { addDemoServer, addServer, newPerson, type Person } from '../../support/person.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';
import { plainTool, startToolServer, type ToolServer } from '../../support/servers/tool-server.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
const PATIENCE_MS = 60_000;

describe.runIf(hasVoice)('a conversation with a model that reasons', { timeout: 120_000 }, () => {
  let model: RehearsalModel;
  let worker: OwnWorker;
  let gauge: ToolServer;
  let person: Person;
  let client: RoomClient;

  beforeAll(async () => {
    model = await startRehearsalModel({ port: 0, log: () => undefined });
    worker = await startOwnWorker({
      OPENAI_BASE_URL: model.url,
      OPENAI_REALTIME_MODEL: 'gpt-realtime-2.1',
    });
    const inputSchema = { type: 'object' as const, properties: { unit: { type: 'string' } } };
    gauge = await startToolServer(
      [{ ...plainTool('read_gauge'), inputSchema }, plainTool('read_meter')],
      'It says seven.',
    );
    person = await newPerson('reasoning');
    await addDemoServer(person, 'clock');
    await addServer(person, 'lab', gauge.url);
    client = await RoomClient.join(person, undefined, worker.agentName);
    const wanted = ['clock__current_time', 'lab__read_gauge'];
    await client.waitForActivity(
      'tools',
      ({ names, acknowledged }) => acknowledged && wanted.every((name) => names.includes(name)),
      0,
      PATIENCE_MS,
    );
    await client.hearsVoice(0, PATIENCE_MS);
  }, 240_000);
  afterAll(async () => {
    await client?.leave();
    await worker?.end();
    await gauge?.close();
    await model?.close();
  });

  async function stored(): Promise<string[]> {
    const { data, error } = await person.client
      .from('voice_transcripts')
      .select('role, text')
      .eq('session_id', client.sessionId)
      .order('said_at')
      .overrideTypes<{ role: string; text: string }[]>();
    if (error) throw error;
    return data.map(({ role, text }) => `${role}: ${text}`);
  }

  const isAbout = (line: string) => /look|Tokyo|seven/i.test(line);

  it('hears its preamble, and each result of two calls once and in order, also in the history', async () => {
    await client.hearsSilence(700, PATIENCE_MS);
    const askedAtMs = Date.now();
    await client.type('what time is it in Tokyo and read the gauge');
    await client.agentSays(/seven/i, askedAtMs, PATIENCE_MS);
    await client.hearsSilence(1_500, PATIENCE_MS);
    const heard = client.lines
      .filter(({ from, atMs }) => from === 'agent' && atMs >= askedAtMs)
      .map(({ text }) => `agent: ${text.trim()}`);
    expect(heard[0]).toBe('agent: Let me look.');
    expect(heard.slice(1).toSorted()).toEqual([expect.stringMatching(/in Tokyo/), 'agent: It says seven.']);
    await expect
      .poll(async () => (await stored()).filter((line) => line.startsWith('agent') && isAbout(line)), {
        timeout: PATIENCE_MS,
      })
      .toEqual(heard);
  });

  it('calls the tool without the nulls that the model wrote for what nobody said', () => {
    expect(gauge.called).toEqual(['read_gauge']);
  });

  it('goes on after items of a type that the plugin does not know', async () => {
    await client.hearsSilence(700, PATIENCE_MS);
    const askedAtMs = Date.now();
    await client.type('read the meter');
    await client.agentSays(/seven/i, askedAtMs, PATIENCE_MS);
    expect(gauge.called).toEqual(['read_gauge', 'read_meter']);
  });

  it('stores a spoken question before its answer, though it is written down after the answer has begun', async () => {
    await client.hearsSilence(1_500, PATIENCE_MS);
    const from = client.activity.length;
    const saidAtMs = Date.now();
    await client.say('tell me a long story');
    await client.waitForActivity('user_turn', ({ phase }) => phase === 'started', from, PATIENCE_MS);
    await client.hearsVoice(Date.now() + 500, PATIENCE_MS);
    await expect
      .poll(() => client.lines.find((line) => line.from === 'person' && line.atMs >= saidAtMs)?.text, {
        timeout: PATIENCE_MS,
      })
      .toMatch(/long story/i);
    await client.type('stop');
    const story = async () => (await stored()).filter((line) => /long story|once upon/i.test(line));
    await expect
      .poll(story, { timeout: PATIENCE_MS })
      .toEqual([expect.stringMatching(/^user: /), expect.stringMatching(/^agent: Once upon/)]);
  });
});
