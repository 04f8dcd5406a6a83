/** Sets that the model rejects for their size: real catalogs against a model that counts tokens in a way of its own. */
import { recordedCatalog } from '@patchbay/shared/testing/catalogs';
import { describe, expect, it } from 'vitest';
import { Publisher } from './publisher.ts';
import { classifyRejection } from '../model/openai-realtime/rejection.ts';
import type { Push } from './rejected-tools.ts';
import { snapshotServer, storedTool } from '../testing/snapshot.ts';
import { ToolCapacity } from './tool-capacity.ts';
import { type ModelTool, type ToolSet, buildToolSet, sizeOf } from './tool-set.ts';

const LIMITS = { tools: 128, tokens: 16_384 };

/** A server of a recorded catalog. */
function server(name: Parameters<typeof recordedCatalog>[0], count = Infinity) {
  const tools = recordedCatalog(name)
    .slice(0, count)
    .map((tool) => storedTool(tool.name, { description: tool.description, input_schema: tool.inputSchema }));
  return { server: snapshotServer({ id: name, name, tools }), live: null };
}

interface ModelOptions {
  /** What the model takes, in our estimate of tokens. */
  tokens: number;
  tools?: number;
  /** How it says no. */
  message?: string;
  rejects?: (tool: ModelTool) => boolean;
}

function conversation(options: ModelOptions) {
  const excluded: string[] = [];
  const state = { limits: options, pushes: 0, held: [] as readonly ModelTool[] };
  const push: Push = async (tools) => {
    state.pushes += 1;
    const size = sizeOf(tools);
    const error = { type: 'invalid_request_error', message: options.message ?? 'No.', param: 'session' };
    if (size.tokens > state.limits.tokens) return { outcome: 'rejected', ...classifyRejection(error) };
    if (size.tools > (state.limits.tools ?? 128))
      return { outcome: 'rejected', ...classifyRejection({ ...error, code: 'array_above_max_length' }) };
    if (options.rejects && tools.some(options.rejects))
      return { outcome: 'rejected', ...classifyRejection({ ...error, message: 'No.' }) };
    state.held = tools;
    return { outcome: 'acknowledged' };
  };
  const publisher = new Publisher({
    push,
    capacity: new ToolCapacity(LIMITS),
    onPublished: () => {},
    onExcluded: ({ name }) => excluded.push(name),
    onTooLarge: () => {},
    onFault: (error) => expect.unreachable(String(error)),
    retryMs: 5,
    gatherMs: 0,
  });
  const offer = async (set: ToolSet) => {
    const before = state.pushes;
    publisher.offer(set);
    await publisher.settled();
    return state.pushes - before;
  };
  const heldBy = (id: string) => state.held.filter(({ serverId }) => serverId === id).length;
  return { offer, publisher, state, excluded, heldBy };
}

describe('a set larger than the model takes', () => {
  const mongodb = server('mongodb');
  const notion = server('notion');

  it('never leaves the worker whole: it costs one update, and what does not fit is named', async () => {
    const { offer, publisher, excluded, heldBy } = conversation({ tokens: 15_170 });
    expect(await offer(buildToolSet([mongodb]))).toBe(1);
    expect(heldBy('mongodb')).toBe(27);
    expect(await offer(buildToolSet([mongodb, server('firecrawl')]))).toBe(1);
    expect(heldBy('firecrawl')).toBeGreaterThan(10);
    expect(publisher.current.leftOut.length).toBeGreaterThan(5);
    expect(publisher.current.leftOut.length + publisher.current.tools.length).toBe(27 + 29);
    expect(publisher.current.leftOut.every(({ reason }) => reason === 'limit')).toBe(true);
    expect(excluded).toEqual([]);
  });

  it.each([
    ['says so', 'Expected at most 16384 tokens.'],
    ['gives no reason', 'No.'],
  ])('costs three updates at most when the estimate was too low and the model %s', async (_, message) => {
    const { offer, state, excluded } = conversation({ tokens: 8_000, message });
    expect(await offer(buildToolSet([server('playwright')]))).toBe(1);
    expect(await offer(buildToolSet([server('playwright'), mongodb, notion]))).toBeLessThanOrEqual(3);
    expect(sizeOf(state.held).tokens).toBeGreaterThan(3_000);
    expect(excluded).toEqual([]);
    // What the model takes is known now.
    expect(await offer(buildToolSet([server('playwright'), notion]))).toBe(1);
    expect(excluded).toEqual([]);
  });

  it('costs three updates at most when the conversation begins with it, and none for the same wanted again', async () => {
    const { offer, publisher, excluded } = conversation({ tokens: 10, message: 'Too many tokens.' });
    const set = buildToolSet([mongodb, notion]);
    expect(await offer(set)).toBe(3);
    expect(publisher.current.tools).toEqual([]);
    expect(publisher.current.leftOut).toHaveLength(51);
    expect(excluded).toEqual([]);
  });

  it('of which no size is accepted still takes away the tools of a server that is gone', async () => {
    const { offer, publisher, state, excluded } = conversation({
      tokens: 8_000,
      message: 'Too many tokens.',
    });
    await offer(buildToolSet([server('playwright'), server('firecrawl', 2)]));
    const kept = sizeOf(state.held.filter(({ serverId }) => serverId === 'firecrawl'));
    state.limits = { tokens: kept.tokens };
    expect(await offer(buildToolSet([server('firecrawl', 2), mongodb, notion]))).toBe(4);
    expect([...new Set(state.held.map(({ serverId }) => serverId))]).toEqual(['firecrawl']);
    expect(publisher.current.tools).toEqual(state.held);
    expect(publisher.current.leftOut).toHaveLength(51);
    expect(excluded).toEqual([]);
  });

  it('leaves no tool rejected: all of the second server are there once the first is gone', async () => {
    const { offer, excluded, heldBy } = conversation({ tokens: 9_000 });
    await offer(buildToolSet([server('mongodb', 10)]));
    await offer(buildToolSet([server('mongodb', 10), server('chrome-devtools')]));
    await offer(buildToolSet([server('chrome-devtools')]));
    expect(excluded).toEqual([]);
    expect(heldBy('chrome-devtools')).toBe(32);
  });

  it('is not taken for a bad tool by a search that comes upon the limit', async () => {
    // The first rejection has no reason and is for a bad tool; the halves then meet a limit below the estimate.
    const bad = ({ toolName }: ModelTool) => toolName === 'browser_close';
    const { offer, excluded, state } = conversation({ tokens: 3_000, rejects: bad });
    const pushes = await offer(buildToolSet([server('playwright'), server('chrome-devtools', 20)]));
    expect(excluded.filter((name) => name !== 'playwright__browser_close')).toEqual([]);
    expect(sizeOf(state.held).tokens).toBeGreaterThan(1_000);
    expect(pushes).toBeLessThanOrEqual(30);
  });

  it('with too many tools for a model of another kind, costs three updates at most', async () => {
    const { offer, state, excluded } = conversation({ tokens: 99_999, tools: 30 });
    expect(await offer(buildToolSet([server('playwright'), server('chrome-devtools')]))).toBeLessThanOrEqual(
      3,
    );
    expect(state.held.length).toBeGreaterThan(10);
    expect(excluded).toEqual([]);
  });
});

it('a rejection for trouble of the model itself blames nobody, and the set is sent again', async () => {
  const excluded: string[] = [];
  let failures = 3;
  const pushed: number[] = [];
  const publisher = new Publisher({
    push: async ({ length }) => {
      pushed.push(length);
      failures -= 1;
      if (failures < 0) return { outcome: 'acknowledged' };
      return { outcome: 'rejected', ...classifyRejection({ type: 'server_error', message: 'Sorry.' }) };
    },
    capacity: new ToolCapacity(LIMITS),
    onPublished: () => {},
    onExcluded: ({ name }) => excluded.push(name),
    onTooLarge: () => expect.unreachable(),
    onFault: (error) => expect.unreachable(String(error)),
    retryMs: 2,
    gatherMs: 0,
  });
  publisher.offer(buildToolSet([server('playwright')]));
  await publisher.settled();
  expect(pushed).toEqual([25, 25, 25, 25]);
  expect(excluded).toEqual([]);
});
