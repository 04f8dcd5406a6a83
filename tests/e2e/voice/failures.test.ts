import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelSessions } from '../../support/model-view.ts';
import { addDemoServer, newPerson, type Person } from '../../support/person.ts';
import { childrenOf, pidOf } from '../../support/processes.ts';
import { RoomClient } from '../../support/room-client.ts';
import { demoServer, hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;

describe.runIf(hasVoice)('a conversation outlives', () => {
  let person: Person;
  let client: RoomClient;
  let serverId: string;
  /** Index into `activity` of the first message after the first kill. */
  let fromKill = 0;

  /** Resolves with the time, by this machine's clock, at which the page can show the status. */
  async function shown(status: string): Promise<number> {
    const look = async (): Promise<unknown> => {
      const { data } = await person.client
        .from('mcp_servers')
        .select('connection_status')
        .eq('id', serverId)
        .single()
        .throwOnError();
      return data.connection_status;
    };
    await expect.poll(look, { timeout: 30_000, interval: 50 }).toBe(status);
    return Date.now();
  }

  beforeAll(async () => {
    person = await newPerson('failures');
    serverId = await addDemoServer(person, 'clock');
    client = await RoomClient.join(person);
    await client.waitForActivity('tools', ({ names }) => names.includes('clock__countdown'));
    await client.hearsVoice(0);
  });
  afterAll(() => client?.leave());

  it('a server that is killed in the middle of a call: it says so, and keeps the tools', async () => {
    await client.hearsSilence();
    const from = client.activity.length;
    await client.type('Countdown of 30 seconds');
    await client.waitForActivity('tool_call', ({ phase }) => phase === 'started', from);
    await shown('connected');
    fromKill = client.activity.length;
    const down = shown('error');
    const killedAtMs = Date.now();
    process.kill(pidOf('clock'), 'SIGKILL');
    await client.waitForActivity('tool_call', ({ outcome }) => outcome === 'unavailable', from);
    const failedAtMs = Date.now();
    expect((await down) - failedAtMs).toBeLessThan(2_000);
    await client.agentSays(/clock server (isn't|can't|stopped)/i, killedAtMs, 10_000);
    const [session] = await modelSessions();
    expect(session?.tools.map(({ name }) => name)).toContain('clock__countdown');
  });

  it('a server that is away: a call is refused at once, with a sentence', async () => {
    await client.hearsSilence();
    await client.waitForActivity('server', ({ state }) => state === 'ready', fromKill, 30_000);
    const from = client.activity.length;
    process.kill(pidOf('clock'), 'SIGKILL');
    await client.waitForActivity('server', ({ state }) => state === 'waiting', from);
    const since = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/clock server (isn't|can't|stopped)/i, since, 6_000);
  });

  it('and shows and uses the server again when it is back, without a touch', async () => {
    await expect.poll(() => answers(demoServer('clock').url), { timeout: 20_000 }).toBe(true);
    await shown('connected');
    await client.hearsSilence();
    const since = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/in tokyo/i, since);
  });

  it('its own process: a new agent comes when the person calls, and knows the tools', async () => {
    const old = await client.meetsAgent();
    const since = Date.now();
    for (const pid of childrenOf(pidOf('worker'))) process.kill(pid, 'SIGKILL');
    await expect.poll(() => client.callAgent(), { timeout: 12_000, interval: 500 }).toBe(true);
    await expect
      .poll(() => client.agents.filter((agent) => agent !== old), { timeout: 12_000 })
      .toHaveLength(1);
    expect(Date.now() - since).toBeLessThan(10_000);
    await client.hearsVoice(since + 1_000);
    await client.hearsSilence();
    const asked = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/in tokyo/i, asked);
    expect(client.agents).toHaveLength(1);
  });

  it('the LiveKit server: the same agent goes on in the same room', async () => {
    const [agent] = client.agents;
    const since = Date.now();
    process.kill(pidOf('livekit'), 'SIGKILL');
    const hasAnswered = () => client.lines.some(({ text, atMs }) => atMs > since && /in paris/i.test(text));
    // Text typed without an agent is lost.
    const ask = async (): Promise<boolean> => {
      if (!hasAnswered()) await client.type('What time is it in Paris?').catch(() => undefined);
      return hasAnswered();
    };
    await expect.poll(ask, { timeout: 60_000, interval: 3_000 }).toBe(true);
    expect(client.agents).toEqual([agent]);

    const next = await RoomClient.join(person);
    // Users who joined before the worker registered again call its agent, as the page does.
    const met = async (): Promise<number> => {
      if (next.agents.length === 0) await next.callAgent();
      return next.agents.length;
    };
    await expect.poll(met, { timeout: 60_000, interval: 1_000 }).toBe(1);
    await next.leave();
  });
});

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
