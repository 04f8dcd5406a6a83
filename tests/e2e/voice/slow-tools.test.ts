import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SessionServer, startSessionServer, tool } from '../../../shared/test/support/session-server.ts';
import { addDemoServer, addServer, newPerson, type Person } from '../../support/person.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
const readOnly = { annotations: { readOnlyHint: true } };

describe.runIf(hasVoice)('a tool that takes its time', () => {
  let person: Person;
  let client: RoomClient;
  let server: SessionServer;

  beforeAll(async () => {
    server = await startSessionServer();
    server.tools = [
      { ...tool('report'), ...readOnly },
      { ...tool('hang'), ...readOnly },
    ];
    person = await newPerson('slow');
    await addDemoServer(person, 'clock');
    await addServer(person, 'workshop', server.url, { trusts_hints: true });
    client = await RoomClient.join(person);
    const wanted = ['clock__current_time', 'workshop__report', 'workshop__hang'];
    await client.waitForActivity('tools', ({ names }) => wanted.every((name) => names.includes(name)));
    await client.hearsVoice(0);
  });
  afterAll(async () => {
    await client?.leave();
    await server?.stop();
  });

  async function askForReport() {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.beforeAnswer = () => promise;
    await client.hearsSilence();
    const askedAtMs = Date.now();
    await client.type('Run the report');
    return { askedAtMs, write: resolve };
  }

  const reports = (sinceMs: number) =>
    client.lines.filter(({ text, atMs }) => atMs >= sinceMs && /report ran/.test(text));

  it('is not silent: the agent says that it is at work, then the result', async () => {
    const { askedAtMs, write } = await askForReport();
    // A reasoning model may have spoken before the call, so accept the second filler too.
    await client.agentSays(/I'm checking with the workshop server|still working on it/i, askedAtMs);
    await client.hearsSilence();
    write();
    await client.agentSays(/report ran/i, askedAtMs);
  });

  it('is announced when it is known to be slow', async () => {
    const { askedAtMs, write } = await askForReport();
    await client.agentSays(/usually takes about|taking a while/i, askedAtMs);
    write();
    await client.agentSays(/report ran/i, askedAtMs);
  });

  it('lets the person talk when it takes very long, and tells its result later, once', async () => {
    const { askedAtMs, write } = await askForReport();
    await client.agentSays(/we can keep talking/i, askedAtMs, 30_000);
    await client.hearsSilence();
    const talkedAtMs = Date.now();
    await client.say('What time is it in Tokyo?');
    await client.agentSays(/in tokyo/i, talkedAtMs);
    await client.hearsSilence();
    write();
    await client.agentSays(/report ran/i, talkedAtMs);
    await client.hearsSilence(2_000);
    expect(reports(askedAtMs)).toHaveLength(1);
  });

  it('is cancelled at the server when the person speaks over it', async () => {
    await client.hearsSilence();
    const from = client.activity.length;
    await client.type('Run the hang');
    await client.waitForActivity('tool_call', ({ phase }) => phase === 'started', from);
    const talkedAtMs = Date.now();
    await client.say('What time is it in Tokyo?');
    await client.waitForActivity('tool_call', ({ phase }) => phase === 'cancelled', from);
    await expect.poll(() => server.cancelled).toBe(1);
    await client.agentSays(/in tokyo/i, talkedAtMs);
  });

  it('may be one of a chain of calls', async () => {
    await client.hearsSilence();
    const since = Date.now();
    const from = client.activity.length;
    const cities = ['Tokyo', 'Paris', 'London', 'Berlin', 'Sydney'];
    await client.type(cities.map((city) => `what time is it in ${city}`).join(', then '));
    await client.agentSays(/sydney/i, since, 30_000);
    const finished = client.activity
      .slice(from)
      .filter((activity) => activity.type === 'tool_call' && activity.phase === 'finished');
    expect(finished).toHaveLength(cities.length);
  });

  it('is cancelled at the server when the person hangs up, and recorded so', async () => {
    await client.hearsSilence();
    const from = client.activity.length;
    await client.type('Run the hang');
    await client.waitForActivity('tool_call', ({ phase }) => phase === 'started', from);
    await client.leave();
    await expect.poll(() => server.cancelled, { timeout: 15_000 }).toBe(2);
    const outcomes = async () => {
      const { data } = await person.client.from('tool_calls').select('outcome').eq('tool_name', 'hang');
      return data;
    };
    await expect
      .poll(outcomes, { timeout: 15_000 })
      .toEqual([{ outcome: 'cancelled' }, { outcome: 'cancelled' }]);
  });
});
