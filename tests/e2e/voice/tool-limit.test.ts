import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelSessions, modelTools } from '../../support/model-view.ts';
import { newPerson, type Person } from '../../support/person.ts';
import { addServer } from '../../support/rest-api.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';
import { plainTool, startToolServer, type ToolServer } from '../../support/servers/tool-server.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
const MOST_TOOLS = 128;
const PATIENCE_MS = 60_000;

const opened: ToolServer[] = [];
async function serve(...given: Parameters<typeof startToolServer>): Promise<ToolServer> {
  const server = await startToolServer(...given);
  opened.push(server);
  return server;
}
afterAll(() => Promise.all(opened.map((server) => server.close())));

describe.runIf(hasVoice)('more tools than the model takes', () => {
  const names = Array.from({ length: 100 }, (_, index) => `job_${100 + index}`);
  let person: Person;
  let client: RoomClient;
  let lastId: string;

  beforeAll(async () => {
    person = await newPerson('many');
    for (const name of ['first', 'second', 'third']) {
      const { url } = await serve(names.map((tool) => plainTool(tool)));
      lastId = await addServer(person, { name, url });
    }
    client = await RoomClient.join(person);
  });
  afterAll(() => client?.leave());

  it('are shared fairly among the servers, and the rest are reported with the reason', async () => {
    const activity = await client.waitForActivity(
      'tools',
      (one) => one.acknowledged && one.left_out?.length === 172,
      0,
      PATIENCE_MS,
    );
    const shares = ['first', 'second', 'third'].map(
      (server) => activity.names.filter((name) => name.startsWith(`${server}__`)).length,
    );
    expect(shares.toSorted()).toEqual([42, 43, 43]);
    expect(new Set(activity.left_out?.map(({ reason }) => reason))).toEqual(new Set(['limit']));
    const [session] = await ownSessions('first__job_100');
    expect(session?.tools.map(({ name }) => name).toSorted()).toEqual(activity.names.toSorted());
    expect(activity.names).toHaveLength(MOST_TOOLS);
  });

  it('are all there again when servers that are not needed are switched off', async () => {
    const from = client.activity.length;
    const others = await person.client.from('mcp_servers').update({ is_active: false }).neq('id', lastId);
    expect(others.error).toBeNull();
    const activity = await client.waitForActivity(
      'tools',
      ({ names: now }) => now.length === names.length,
      from,
      PATIENCE_MS,
    );
    expect(activity.left_out).toEqual([]);
  });
});

describe.runIf(hasVoice)('tools that do not fit', () => {
  const longName = `read_gauge_${'x'.repeat(189)}`;
  const broken = {
    ...plainTool('broken'),
    inputSchema: { type: 'object' as const, properties: { level: { enum: [] } } },
  };
  let person: Person;
  let client: RoomClient;
  let odd: ToolServer;
  let red: ToolServer;
  let blue: ToolServer;

  beforeAll(async () => {
    person = await newPerson('odd');
    red = await serve([plainTool('get_weight')], 'The red weight is five.');
    blue = await serve([plainTool('get_weight')], 'The blue weight is nine.');
    odd = await serve([plainTool('fine'), broken, plainTool(longName)], 'The gauge says seven.');
    await addServer(person, { name: 'red', url: red.url });
    await addServer(person, { name: 'blue', url: blue.url });
    client = await RoomClient.join(person);
    await client.waitForActivity('tools', ({ names }) => names.includes('blue__get_weight'), 0, PATIENCE_MS);
    await client.waitForActivity('tools', ({ names }) => names.includes('red__get_weight'), 0, PATIENCE_MS);
  });
  afterAll(() => client?.leave());

  async function ask(words: string, answer: RegExp): Promise<void> {
    await client.hearsSilence();
    const since = Date.now();
    await client.type(words);
    await client.agentSays(answer, since, PATIENCE_MS);
  }

  it('two servers have a tool of the same name: each is called on its own', async () => {
    await ask('Get the weight of red', /red weight is five/i);
    await ask('Get the weight of blue', /blue weight is nine/i);
    expect([red.called, blue.called]).toEqual([['get_weight'], ['get_weight']]);
  });

  it('the model rejects one: the others are published, and the user sees which one and why', async () => {
    await addServer(person, { name: 'odd', url: odd.url });
    const activity = await client.waitForActivity(
      'tools',
      ({ left_out }) => (left_out?.length ?? 0) > 0,
      0,
      PATIENCE_MS,
    );
    expect(activity.left_out).toMatchObject([{ server: 'odd', tool: 'broken', reason: 'refused' }]);
    expect(activity.left_out?.[0]?.message).toMatch(/enum/);
    await expect
      .poll(async () => (await modelTools()).filter((name) => /^(red|blue|odd)__/.test(name)).sort(), {
        timeout: PATIENCE_MS,
      })
      .toEqual([
        'blue__get_weight',
        'odd__fine',
        expect.stringMatching(/^odd__read_gauge_x+_\w{7}$/),
        'red__get_weight',
      ]);
  });

  it('a name of 200 characters is cut for the model, and whole for the server', async () => {
    for (const name of await modelTools()) expect(name.length).toBeLessThanOrEqual(64);
    await ask('Read the gauge', /gauge says seven/i);
    expect(odd.called).toEqual([longName]);
  });

  it('a refused tool is back as soon as its server has mended it', async () => {
    const from = client.activity.length;
    await odd.change([plainTool('fine'), plainTool('broken', 'Works now.'), plainTool(longName)]);
    const activity = await client.waitForActivity(
      'tools',
      (one) => one.acknowledged && one.names.includes('odd__broken'),
      from,
      PATIENCE_MS,
    );
    expect(activity.left_out).toEqual([]);
    expect(await modelTools()).toContain('odd__broken');
  });
});

async function ownSessions(tool: string) {
  return (await modelSessions()).filter(({ tools }) => tools.some(({ name }) => name === tool));
}
