import { describe, expect, it } from 'vitest';
import { tool } from '../../../shared/test/support/session-server.ts';
import { until, useCallFixture } from '../testing/call-fixture.ts';
import type { FakeItem } from '../testing/fake-protocol.ts';

const fixture = useCallFixture();

describe('several tool calls of one response', () => {
  function gates(...names: string[]) {
    const held = new Map(names.map((name) => [name, Promise.withResolvers<void>()]));
    fixture.server.tools = ['fast', ...names].map((name) => tool(name));
    fixture.server.beforeAnswer = (call) => held.get(call)?.promise ?? Promise.resolve();
    return (name: string) => held.get(name)?.resolve();
  }
  const outputsOf = (items: readonly FakeItem[]) =>
    items
      .filter(({ type }) => type === 'function_call_output')
      .map(({ output }) => (output ?? '').replaceAll('"', ''));
  const resultsIn = (said: readonly string[]) =>
    said.filter((words) => words.startsWith('Result')).map((words) => words.replaceAll('"', ''));

  it.each([1, 2, 3])(
    'answer with a fast result while %i slow calls still run, then with the others in the order of their ends',
    async (count) => {
      const slow = Array.from({ length: count }, (_, index) => `slow${index}`);
      const open = gates(...slow);
      const { said, lines, type, outputs } = await fixture.conversation();
      type(`call all ${['fast', ...slow].join(' ')}`);
      await until(() => said.some((words) => words.includes('fast ran')));
      expect(outputsOf(outputs())).toEqual(['<data>fast ran</data>']);
      expect(lines).toEqual(
        slow.map((name) => expect.stringContaining(`The call to ${name} is still running`)),
      );
      for (const name of slow.toReversed()) {
        open(name);
        await until(() => said.some((words) => words.includes(`${name} ran`)));
      }
      type('and now');
      await until(() => said.includes('You said and now.'));
      expect(resultsIn(said)).toEqual(
        ['fast', ...slow.toReversed()].map((name) => `Result: <data>${name} ran</data>`),
      );
      expect(fixture.server.ran.toSorted()).toEqual(['fast', ...slow]);
    },
  );

  it('are answered together when they end close to each other', async () => {
    const open = gates('slow');
    const { said, lines, type, outputs } = await fixture.conversation();
    type('call all fast slow');
    await until(() => fixture.server.ran.length === 2);
    open('slow');
    await until(() => said.length > 0);
    expect(outputsOf(outputs()).toSorted()).toEqual(['<data>fast ran</data>', '<data>slow ran</data>']);
    expect(said).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  it('answer with a second result after the first when it comes during the first answer', async () => {
    const open = gates('slow');
    const { said, lines, type } = await fixture.conversation();
    type('call all fast slow');
    await until(() => lines.length === 1);
    open('slow');
    await until(() => said.some((words) => words.includes('slow ran')));
    expect(resultsIn(said)).toEqual(['Result: <data>fast ran</data>', 'Result: <data>slow ran</data>']);
  });

  it('are handed off to the background with one sentence for all', async () => {
    gates('slow', 'slower');
    const { said, lines, type, usually } = await fixture.conversation();
    usually('slow', 20_000);
    usually('slower', 20_000);
    type('call all slow slower');
    await until(() => lines.length === 2);
    type('how are you');
    await until(() => said.includes('You said how are you.'));
    expect(said.filter((words) => words.includes('We can keep talking'))).toHaveLength(1);
  });
});
