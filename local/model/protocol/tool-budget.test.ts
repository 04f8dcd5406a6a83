import { modelLimits } from '@patchbay/shared/contract/model-limits';
import { recordedCatalogs } from '@patchbay/shared/testing/catalogs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Publisher } from '../../../livekit/src/tools/publisher.ts';
import { ModelError, classifyRejection } from '../../../livekit/src/model/openai-realtime/rejection.ts';
import type { PushResult } from '../../../livekit/src/model/voice-model.ts';
import { snapshotServer, storedTool } from '../../../livekit/src/testing/snapshot.ts';
import { ToolCapacity } from '../../../livekit/src/tools/tool-capacity.ts';
import { toDefinition } from '../../../livekit/src/testing/definition.ts';
import { buildToolSet, sizeOf, type ModelTool } from '../../../livekit/src/tools/tool-set.ts';
import { connect, type ProtocolClient } from '../protocol-client.ts';
import { startRehearsalModel, type RehearsalModel } from '../server.ts';
import { MAX_SESSION_TOKENS, sessionTokens } from './tokens.ts';

const INSTRUCTIONS = 'Speak of orders only when you are asked, and never of prices. '.repeat(60);
const ALL = recordedCatalogs().map(({ name }) => name);

function wishFor(names: readonly string[]) {
  const catalogs = new Map(recordedCatalogs().map(({ name, tools }) => [name as string, tools]));
  return buildToolSet(
    names.map((name) => {
      const tools = (catalogs.get(name) ?? []).map((tool) =>
        storedTool(tool.name, {
          description: tool.description,
          input_schema: tool.inputSchema,
          annotations: tool.annotations,
        }),
      );
      return { server: snapshotServer({ id: name, name, tools, trusts_hints: true }), live: null };
    }),
  );
}

let model: RehearsalModel;
let client: ProtocolClient;
beforeAll(async () => {
  model = await startRehearsalModel({ port: 0, log: () => {} });
});
afterEach(() => client.ws.terminate());
afterAll(() => model.close());

async function push(tools: readonly ModelTool[]): Promise<PushResult> {
  const from = client.events.length;
  client.update({ tools: tools.map(toDefinition) });
  await expect.poll(() => client.events.length, { interval: 2 }).toBeGreaterThan(from);
  const answer = client.events[from];
  if (answer?.type === 'session.updated') return { outcome: 'acknowledged' };
  return { outcome: 'rejected', ...classifyRejection(ModelError.parse(answer?.['error'])) };
}

async function talk(limits = modelLimits('gpt-realtime')) {
  client = await connect(model.url, { instructions: INSTRUCTIONS });
  const seen = { updates: 0, calls: new Set<string>(), excluded: [] as string[] };
  const capacity = new ToolCapacity(limits);
  capacity.instructions = INSTRUCTIONS;
  const publisher = new Publisher({
    push: (tools) => {
      seen.updates += 1;
      return push(tools);
    },
    capacity,
    usageOf: ({ name }) => ({ isInUse: seen.calls.has(name), isRecent: seen.calls.has(name) }),
    onPublished: () => {},
    onExcluded: ({ name }) => seen.excluded.push(name),
    onTooLarge: () => {},
    onFault: (error) => expect.unreachable(String(error)),
    gatherMs: 0,
  });
  const offer = async (names: readonly string[]) => {
    const before = seen.updates;
    publisher.offer(wishFor(names));
    await publisher.settled();
    return seen.updates - before;
  };
  const countOf = (server: string) =>
    publisher.current.tools.filter(({ serverId }) => serverId === server).length;
  return { ...seen, offer, publisher, countOf };
}

describe('five real servers, twice what the model takes', () => {
  it('need one update for each change, none of which the model rejects', async () => {
    const { offer, publisher, calls, excluded, countOf } = await talk();
    expect(await offer(ALL)).toBe(1);
    const tokens = sessionTokens({
      instructions: INSTRUCTIONS,
      tools: publisher.current.tools.map(toDefinition),
    });
    expect(tokens).toBeLessThanOrEqual(MAX_SESSION_TOKENS);
    expect(tokens).toBeGreaterThan(MAX_SESSION_TOKENS * 0.85);
    for (const server of ALL) expect(countOf(server), server).toBeGreaterThan(5);
    const used = publisher.current.tools.at(-1)?.name ?? '';
    calls.add(used);
    const holdsUsed = () => publisher.current.tools.some(({ name }) => name === used);
    expect(await offer(ALL), 'a call alone changes nothing').toBe(0);
    expect(await offer(ALL.slice(1))).toBe(1);
    expect(await offer(ALL)).toBe(1);
    expect(holdsUsed()).toBe(true);
    expect(await offer(ALL.toReversed())).toBeLessThanOrEqual(1);
    expect(holdsUsed()).toBe(true);
    expect(excluded).toEqual([]);
  });

  it('need at most three updates if the estimate is half the real size', async () => {
    const { offer, publisher, excluded } = await talk({ tools: 128, tokens: 24_000 });
    expect(await offer(['playwright'])).toBe(1);
    expect(await offer(ALL)).toBeLessThanOrEqual(3);
    expect(sizeOf(publisher.current.tools).tokens).toBeGreaterThan(9_000);
    expect(excluded).toEqual([]);
    expect(await offer(['chrome-devtools', 'notion'])).toBeLessThanOrEqual(1);
    expect(excluded).toEqual([]);
  });
});
