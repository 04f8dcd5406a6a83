import { recordedCatalogs } from '@patchbay/shared/testing/catalogs';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelSession, modelSessions } from '../../support/model-view.ts';
import { newPerson, type Person } from '../../support/person.ts';
import { addServer } from '../../support/rest-api.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';
import { startToolServer, type ToolServer } from '../../support/servers/tool-server.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
const MOST_TOKENS = 16_384;
const MOST_TOOLS = 128;
const PATIENCE_MS = 60_000;
const SERVERS = ['mongodb', 'notion', 'playwright', 'chrome-devtools', 'firecrawl'];
const USED = 'playwright__browser_close';

function tokensOf({ instructions, tools }: ModelSession): number {
  return tools.reduce(
    (sum, { name, description, parameters }) =>
      sum + countTokens(JSON.stringify({ name, description, parameters })),
    countTokens(instructions),
  );
}

describe.runIf(hasVoice)('five real servers in one conversation', () => {
  const ids = new Map<string, string>();
  const servers: ToolServer[] = [];
  let person: Person;
  let client: RoomClient;

  beforeAll(async () => {
    person = await newPerson('large');
    for (const { name, tools } of recordedCatalogs()) {
      const server = await startToolServer(tools, 'The page is closed.');
      servers.push(server);
      ids.set(name, await addServer(person, { name, url: server.url }));
    }
    client = await RoomClient.join(person);
  });
  afterAll(async () => {
    await client?.leave();
    await Promise.all(servers.map((server) => server.close()));
  });

  async function session(): Promise<ModelSession> {
    const own = (await modelSessions()).filter(({ tools }) =>
      tools.some(({ name }) => SERVERS.some((server) => name.startsWith(`${server}__`))),
    );
    expect(own).toHaveLength(1);
    return own[0] as ModelSession;
  }

  const countOf = ({ tools }: ModelSession, server: string) =>
    tools.filter(({ name }) => name.startsWith(`${server}__`)).length;

  async function writeServer(
    name: string,
    change: { is_active?: boolean; position?: number },
  ): Promise<void> {
    const written = await person.client.from('mcp_servers').update(change).eq('id', ids.get(name));
    expect(written.error).toBeNull();
  }

  async function updatesFor(change: () => Promise<void>, isThere: (now: ModelSession) => boolean) {
    const before = (await session()).tool_updates;
    await change();
    await expect.poll(async () => isThere(await session()), { timeout: PATIENCE_MS }).toBe(true);
    const after = (await session()).tool_updates;
    expect(after.rejected).toBe(0);
    return after.accepted - before.accepted;
  }

  it('are there in part, each with its share, in a set that the model accepts at once', async () => {
    const activity = await client.waitForActivity(
      'tools',
      ({ acknowledged, budget }) =>
        acknowledged && budget?.servers.filter(({ tools }) => tools > 0).length === SERVERS.length,
      0,
      PATIENCE_MS,
    );
    const now = await session();
    expect(now.tool_updates.rejected).toBe(0);
    // At most one for each server that connects.
    expect(now.tool_updates.accepted).toBeLessThanOrEqual(SERVERS.length + 1);
    expect(tokensOf(now)).toBeLessThanOrEqual(MOST_TOKENS);
    expect(tokensOf(now)).toBeGreaterThan(MOST_TOKENS * 0.75);
    expect(now.tools.length).toBeLessThanOrEqual(MOST_TOOLS);
    for (const server of SERVERS) expect(countOf(now, server), server).toBeGreaterThan(5);
    expect(new Set(activity.left_out?.map(({ reason }) => reason))).toEqual(new Set(['limit']));
    const all = recordedCatalogs().reduce((sum, { tools }) => sum + tools.length, 0);
    expect(now.tools.length + (activity.left_out?.length ?? 0)).toBe(all);
  });

  it('keep the tool that was used and cost one update each as they come, go and change places', async () => {
    await client.hearsSilence();
    await client.type('Browser close');
    await client.waitForActivity(
      'tool_call',
      ({ name, phase }) => name === USED && phase === 'finished',
      0,
      PATIENCE_MS,
    );
    const holdsUsed = ({ tools }: ModelSession) => tools.some(({ name }) => name === USED);

    const removed = await updatesFor(
      () => writeServer('firecrawl', { is_active: false }),
      (now) => countOf(now, 'firecrawl') === 0 && countOf(now, 'playwright') === 25,
    );
    expect(removed).toBe(1);
    const added = await updatesFor(
      () => writeServer('firecrawl', { is_active: true }),
      (now) => countOf(now, 'firecrawl') > 5,
    );
    // Cached tools are published at once, and again if the live list differs.
    expect(added).toBeLessThanOrEqual(2);
    expect(holdsUsed(await session())).toBe(true);
    const moved = await updatesFor(
      async () => {
        await writeServer('firecrawl', { position: 0 });
        await writeServer('notion', { is_active: false });
      },
      (now) => countOf(now, 'notion') === 0,
    );
    expect(moved).toBeLessThanOrEqual(2);
    const now = await session();
    expect(holdsUsed(now)).toBe(true);
    expect(tokensOf(now)).toBeLessThanOrEqual(MOST_TOKENS);
  });

  it('make room for a longer prompt', async () => {
    const prompt = 'Speak of orders only when you are asked, and never of prices. '.repeat(300);
    const before = await session();
    const updates = await updatesFor(
      async () => {
        const written = await person.client
          .from('agent_configs')
          .update({ system_prompt: prompt })
          .eq('is_default', true);
        expect(written.error).toBeNull();
      },
      ({ instructions }) => instructions.includes(prompt.trim()),
    );
    const now = await session();
    expect(updates).toBe(1);
    expect(now.tools.length).toBeLessThan(before.tools.length);
    expect(now.tools.some(({ name }) => name === USED)).toBe(true);
    expect(tokensOf(now)).toBeLessThanOrEqual(MOST_TOKENS);
    for (const server of SERVERS.filter((name) => name !== 'notion'))
      expect(countOf(now, server), server).toBeGreaterThan(2);
  });
});
