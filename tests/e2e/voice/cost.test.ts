import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SessionServer, startSessionServer, tool } from '../../../shared/test/support/session-server.ts';
import { ModelTap } from '../../support/model-tap.ts';
import { type OwnWorker, startOwnWorker } from '../../support/own-worker.ts';
import { addServer, newPerson, type Person } from '../../support/person.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
/** The first filler, or the second one after a preamble of the model. */
const FILLER = /one moment, I'm checking with the workshop server|still working on it/i;
const MANY = Array.from({ length: 30 }, (_, index) => tool(`chapter_${index}`));

describe.runIf(hasVoice)('what a conversation costs', () => {
  let person: Person;
  let client: RoomClient;
  let server: SessionServer;
  let worker: OwnWorker;
  let tap: ModelTap;

  beforeAll(async () => {
    server = await startSessionServer();
    server.tools = [{ ...tool('report'), annotations: { readOnlyHint: true } }, ...MANY];
    person = await newPerson('cost');
    await addServer(person, 'workshop', server.url, { trusts_hints: true });
    tap = await ModelTap.open();
    worker = await startOwnWorker({ OPENAI_BASE_URL: tap.url });
    client = await RoomClient.join(person, undefined, worker.agentName);
    await client.waitForActivity(
      'tools',
      ({ names, acknowledged }) => acknowledged && names.includes('workshop__report'),
      0,
      45_000,
    );
    await client.hearsVoice(0);
  }, 120_000);
  afterAll(async () => {
    await client?.leave();
    await worker?.end();
    await tap?.close();
    await server?.stop();
  });

  it('asks for a filler out of band: it reads a sentence, and not the conversation', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.beforeAnswer = () => promise;
    await client.hearsSilence();
    const [from, askedAtMs] = [tap.events.length, Date.now()];
    await client.type('Run the report');
    await client.agentSays(FILLER, askedAtMs);
    await client.hearsSilence();
    resolve();
    await client.agentSays(/report ran/i, askedAtMs);
    await client.hearsSilence();

    const responses = tap.responses(from);
    const fillers = responses.filter(({ isOutOfBand }) => isOutOfBand);
    const others = responses.filter(({ isOutOfBand }) => !isOutOfBand);
    expect(fillers.length).toBeGreaterThan(0);
    expect(others.length).toBeGreaterThan(1);
    const cheapest = Math.min(...others.map(({ inputTokens }) => inputTokens));
    for (const { inputTokens } of fillers) expect(inputTokens).toBeLessThan(cheapest / 5);
    expect(tap.sent('session.update', from)).toEqual([]);
    const [answer] = client.lines.filter(({ text }) => /report ran/i.test(text));
    const [filler] = client.lines.filter(({ text }) => FILLER.test(text));
    expect(filler?.atMs).toBeLessThan(answer?.atMs ?? 0);
  });

  it('sends a burst of changes as two updates: the first at once, and the rest together', async () => {
    await client.hearsSilence();
    const [from, changes] = [tap.events.length, client.activity.length];
    for (let change = 0; change < 5; change += 1) {
      server.tools = [...server.tools, tool(`appendix_${change}`)];
      await server.announceTools();
    }
    await client.waitForActivity('tools', ({ names }) => names.includes('workshop__appendix_4'), changes);
    const updates = tap.sent('session.update', from).map(({ session }) => session?.tools?.length ?? 0);
    expect(updates.length).toBeLessThanOrEqual(2);
    expect(updates.at(-1)).toBe(server.tools.length);
  });

  it('has a share of the conversation kept when it outgrows the window', () => {
    const [settings] = tap.sent('session.update');
    expect(settings?.session?.['truncation']).toEqual({ type: 'retention_ratio', retention_ratio: 0.8 });
  });
});
