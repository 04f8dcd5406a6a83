import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PushResult } from '../model/voice-model.ts';
import type { Push } from './rejected-tools.ts';
import { type Published, Publisher } from './publisher.ts';
import { modelTool } from '../testing/model-tool.ts';
import { ToolCapacity } from './tool-capacity.ts';
import { EMPTY_TOOL_SET, type ModelTool, type ToolSet } from './tool-set.ts';

const tool = (name: string, description = name) => modelTool(name, { description });
const setOf = (...names: string[]): ToolSet => ({
  ...EMPTY_TOOL_SET,
  tools: names.map((name) => tool(name)),
});
const namesOf = (tools: readonly ModelTool[]) => tools.map(({ name }) => name);

/** A model which holds tools, refuses some names, and answers when told to. */
function fakeModel(refuses: (name: string) => boolean = () => false, options: { saysWhich?: boolean } = {}) {
  const pushes: string[][] = [];
  const model = {
    held: [] as string[],
    pushes,
    gate: null as Promise<void> | null,
    silent: false,
    push: (async (tools) => {
      pushes.push(namesOf(tools));
      await model.gate;
      if (model.silent) return { outcome: 'unanswered' };
      const index = tools.findIndex(({ name }) => refuses(name));
      if (index >= 0)
        return {
          outcome: 'rejected',
          cause: options.saysWhich ? 'definition' : 'unknown',
          message: 'no',
          toolIndex: options.saysWhich ? index : null,
        } satisfies PushResult;
      model.held = namesOf(tools);
      return { outcome: 'acknowledged' };
    }) satisfies Push,
  };
  return model;
}

afterEach(() => void vi.useRealTimers());

function publisherOf(model: { push: Push }, { retryMs = 5, gatherMs = 0 } = {}) {
  const published: Published[] = [];
  const excluded: string[] = [];
  const tooLarge: number[] = [];
  const faults: unknown[] = [];
  const publisher = new Publisher({
    push: model.push,
    capacity: new ToolCapacity({ tools: 128, tokens: 16_384 }),
    onPublished: (entry) => published.push(entry),
    onExcluded: ({ name }) => excluded.push(name),
    onTooLarge: ({ length }) => tooLarge.push(length),
    onFault: (error) => faults.push(error),
    retryMs,
    gatherMs,
  });
  return { publisher, published, excluded, tooLarge, faults };
}

describe('the publisher', () => {
  it('sends a set once and tells what it replaced', async () => {
    const model = fakeModel();
    const { publisher, published } = publisherOf(model);
    publisher.offer(setOf('a'));
    await publisher.settled();
    publisher.offer(setOf('a', 'b'));
    await publisher.settled();
    expect(published.map(({ before, after }) => [namesOf(before.tools), namesOf(after.tools)])).toEqual([
      [[], ['a']],
      [['a'], ['a', 'b']],
    ]);
  });

  it('sends nothing when nothing changed', async () => {
    const model = fakeModel();
    const { publisher } = publisherOf(model);
    publisher.offer(setOf('a'));
    await publisher.settled();
    publisher.offer(setOf('a'));
    await publisher.settled();
    expect(model.pushes).toHaveLength(1);
  });

  it('sends again when only a definition changed', async () => {
    const model = fakeModel();
    const { publisher } = publisherOf(model);
    publisher.offer(setOf('a'));
    await publisher.settled();
    publisher.offer({ ...EMPTY_TOOL_SET, tools: [tool('a', 'does more')] });
    await publisher.settled();
    expect(model.pushes).toHaveLength(2);
  });

  it('pushes one at a time, and of many wishes in the meantime only the latest', async () => {
    const model = fakeModel();
    const gate = Promise.withResolvers<void>();
    model.gate = gate.promise;
    const { publisher } = publisherOf(model);
    for (const name of ['a', 'b', 'c', 'd']) publisher.offer(setOf(name));
    expect(model.pushes).toEqual([['a']]);
    gate.resolve();
    await publisher.settled();
    expect(model.pushes).toEqual([['a'], ['d']]);
    expect(model.held).toEqual(['d']);
  });

  it('sends the first change at once, and the changes of the next 300 ms as one update', async () => {
    vi.useFakeTimers();
    const model = fakeModel();
    const { publisher } = publisherOf(model, { gatherMs: 300 });
    publisher.offer(setOf('a'));
    expect(model.pushes).toEqual([['a']]);
    for (const names of [['a', 'b'], ['b'], ['b', 'c']]) {
      await vi.advanceTimersByTimeAsync(90);
      publisher.offer(setOf(...names));
    }
    await vi.advanceTimersByTimeAsync(29);
    expect(model.pushes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(model.pushes).toEqual([['a'], ['b', 'c']]);
    await vi.advanceTimersByTimeAsync(300);
    publisher.offer(setOf('d'));
    expect(model.pushes.at(-1)).toEqual(['d']);
  });

  it('sends nothing when a burst ends with the tools that the model has', async () => {
    vi.useFakeTimers();
    const model = fakeModel();
    const { publisher } = publisherOf(model, { gatherMs: 300 });
    publisher.offer(setOf('a'));
    await vi.advanceTimersByTimeAsync(10);
    publisher.offer(setOf());
    publisher.offer(setOf('a'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(model.pushes).toEqual([['a']]);
  });

  it('sends nothing after a stop in the middle of a burst', async () => {
    vi.useFakeTimers();
    const model = fakeModel();
    const { publisher } = publisherOf(model, { gatherMs: 300 });
    publisher.offer(setOf('a'));
    await vi.advanceTimersByTimeAsync(10);
    publisher.offer(setOf('b'));
    publisher.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(model.pushes).toEqual([['a']]);
  });

  it.each([
    { saysWhich: true, most: 3 },
    { saysWhich: false, most: 30 },
  ])(
    'leaves out the tools that the model rejects and keeps the rest ($saysWhich)',
    async ({ saysWhich, most }) => {
      const model = fakeModel((name) => name.startsWith('bad'), { saysWhich });
      const { publisher, published, excluded } = publisherOf(model);
      publisher.offer(setOf('a', 'b'));
      await publisher.settled();
      const good = Array.from({ length: 40 }, (_, index) => `good${index}`);
      const before = model.pushes.length;
      publisher.offer(setOf('b', 'bad1', ...good, 'bad2'));
      await publisher.settled();
      // What it does not name is looked for beside the tools that the conversation had.
      if (!saysWhich) expect(model.pushes[before + 1]).toEqual(['b']);
      expect(model.held).toEqual(['b', ...good]);
      expect(excluded.sort()).toEqual(['bad1', 'bad2']);
      expect(namesOf(published.at(-1)?.after.tools ?? [])).toEqual(['b', ...good]);
      expect(model.pushes.length - before).toBeLessThanOrEqual(most);
    },
  );

  it('looks for rejected tools in a bounded number of updates, and blames none that it did not try', async () => {
    const model = fakeModel((name) => name.startsWith('bad'));
    const { publisher, excluded } = publisherOf(model);
    const names = Array.from({ length: 60 }, (_, index) => (index % 2 ? `bad${index}` : `good${index}`));
    publisher.offer(setOf(...names));
    await publisher.settled();
    expect(model.pushes.length).toBeLessThanOrEqual(30);
    expect(model.held).toEqual(namesOf(publisher.current.tools));
    expect(excluded.every((name) => name.startsWith('bad'))).toBe(true);
    const pushes = model.pushes.length;
    publisher.offer(setOf(...names));
    await publisher.settled();
    expect(model.pushes, 'the same wanted is not searched again').toHaveLength(pushes);
    publisher.offer(setOf(...names.filter((name) => name.startsWith('good'))));
    await publisher.settled();
    expect(model.held).toEqual(names.filter((name) => name.startsWith('good')));
  });

  it('does not offer a refused tool again, until its definition changes', async () => {
    const refusing = { name: 'bad' };
    const model = fakeModel((name) => name === refusing.name);
    const { publisher, excluded } = publisherOf(model);
    publisher.offer(setOf('a', 'bad'));
    await publisher.settled();
    const before = model.pushes.length;
    publisher.offer(setOf('a', 'bad', 'c'));
    await publisher.settled();
    expect(model.pushes.slice(before)).toEqual([['a', 'c']]);
    refusing.name = 'nothing';
    publisher.offer({ ...EMPTY_TOOL_SET, tools: [tool('a'), tool('bad', 'mended')] });
    await publisher.settled();
    expect(model.held).toEqual(['a', 'bad']);
    expect(excluded).toEqual(['bad']);
  });

  it('says that an unanswered set is not acknowledged, and sends it again until it is', async () => {
    const model = fakeModel();
    model.silent = true;
    const { publisher, published } = publisherOf(model);
    publisher.offer(setOf('a'));
    await expect.poll(() => model.pushes.length, { interval: 2 }).toBeGreaterThan(2);
    model.silent = false;
    await publisher.settled();
    expect(published.map(({ acknowledged }) => acknowledged)).toEqual([false, true]);
    expect(namesOf(publisher.current.tools)).toEqual(['a']);
  });

  it('goes back to the last good set by a push, when it cannot know what the model holds', async () => {
    const model = fakeModel();
    const { publisher, published } = publisherOf(model);
    publisher.offer(setOf('a'));
    await publisher.settled();
    model.silent = true;
    publisher.offer(setOf('b'));
    await expect.poll(() => model.pushes.length, { interval: 2 }).toBeGreaterThan(1);
    // The model took it, and its word was lost.
    model.held = ['b'];
    model.silent = false;
    publisher.offer(setOf('a'));
    await publisher.settled();
    expect(model.held).toEqual(['a']);
    expect(published.at(-1)).toMatchObject({ acknowledged: true });
  });

  it('sends nothing when only the order changed', async () => {
    const model = fakeModel();
    const { publisher } = publisherOf(model);
    publisher.offer(setOf('a', 'b'));
    await publisher.settled();
    publisher.offer(setOf('b', 'a'));
    await publisher.settled();
    expect(model.pushes).toEqual([['a', 'b']]);
  });

  it('gives the place of a refused tool to one above the limit, and tells of both kinds', async () => {
    const model = fakeModel((name) => name === 't5');
    const { publisher, published } = publisherOf(model);
    const names = Array.from({ length: 131 }, (_, index) => `t${index}`);
    publisher.offer(setOf(...names));
    await publisher.settled();
    expect(model.held).toEqual(names.filter((name) => name !== 't5').slice(0, 128));
    const { leftOut } = publisher.current;
    expect(leftOut.map(({ tool, reason, message }) => [tool.name, reason, message])).toEqual([
      ['t5', 'refused', 'no'],
      ['t129', 'limit', undefined],
      ['t130', 'limit', undefined],
    ]);
    expect(published.at(-1)?.after).toBe(publisher.current);
  });

  it('tells when only what is left out changed, without a word to the model', async () => {
    const model = fakeModel();
    const { publisher, published } = publisherOf(model);
    const names = Array.from({ length: 130 }, (_, index) => `t${index}`);
    publisher.offer(setOf(...names.slice(0, 129)));
    await publisher.settled();
    publisher.offer(setOf(...names));
    await publisher.settled();
    expect(model.pushes).toHaveLength(1);
    expect(published.map(({ after }) => after.leftOut.length)).toEqual([1, 2]);
  });

  it('lets a newer wanted break into the search for a culprit', async () => {
    const model = fakeModel((name) => name === 'bad');
    const { publisher } = publisherOf(model);
    publisher.offer(setOf('a', 'bad', 'c', 'd', 'e'));
    await expect.poll(() => model.pushes.length, { interval: 0 }).toBeGreaterThan(0);
    publisher.offer(setOf('z'));
    await publisher.settled();
    expect(model.held).toEqual(['z']);
  });

  it('tries again after a push that threw', async () => {
    const model = fakeModel();
    let throws = true;
    const { publisher, faults } = publisherOf({
      push: async (tools) => {
        if (throws) throw new Error('closing');
        return model.push(tools);
      },
    });
    publisher.offer(setOf('a'));
    await expect.poll(() => faults.length, { interval: 2 }).toBeGreaterThan(1);
    throws = false;
    await publisher.settled();
    expect(model.held).toEqual(['a']);
  });

  it('is silent after it was stopped', async () => {
    const model = fakeModel();
    const { publisher, published } = publisherOf(model);
    publisher.stop();
    publisher.offer(setOf('a'));
    await publisher.settled();
    expect([model.pushes, published]).toEqual([[], []]);
  });
});
