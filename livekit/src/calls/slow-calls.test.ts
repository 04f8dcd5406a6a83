import { describe, expect, it } from 'vitest';
import { rehearsing, until, useCallFixture } from '../testing/call-fixture.ts';

const fixture = useCallFixture();

describe('a slow tool call', () => {
  it('is bridged by a filler before its result', async () => {
    const open = fixture.gate();
    const { said, type, outputs } = await fixture.conversation();
    type('call echo');
    await until(() => said.includes("One moment, I'm checking with the fixture server."));
    expect(outputs()).toHaveLength(0);
    open();
    await until(() => said.some((words) => words.includes('echo ran')));
    expect(outputs()).toHaveLength(1);
  });

  it('is announced at once when the tool is known to be slow', async () => {
    const open = fixture.gate();
    const { said, type, usually } = await fixture.conversation();
    usually('echo', 4_000);
    type('call echo');
    await until(() => said.length > 0);
    expect(said).toEqual(['One moment, this usually takes about 4 seconds.']);
    open();
    await until(() => said.at(-1)?.includes('echo ran'));
  });

  it('skips the first filler when the model announced the call itself', async () => {
    const open = fixture.gate();
    const { said, type, usually } = await fixture.conversation();
    usually('echo', 4_000);
    type('Let me look: call all echo');
    await until(() => said.length > 1);
    expect(said).toEqual(['Let me look', "I'm still working on it."]);
    open();
    await until(() => said.at(-1)?.includes('echo ran'));
  });

  it('moves to the background at once when the tool is known to be very slow, and announces its result once', async () => {
    const open = fixture.gate();
    const { said, lines, running, type, outputs, usually, calls } = await fixture.conversation();
    usually('echo', 20_000);
    type('call echo');
    await until(() => said.some((words) => words.includes('We can keep talking')));
    expect(lines).toEqual([expect.stringContaining('The call to echo is still running in the background')]);
    type('how are you');
    await until(() => said.includes('You said how are you.'));
    expect(calls).toEqual([]);
    open();
    expect(running).toHaveLength(1);
    await running[0];
    expect(said.at(-1)).toContain('echo ran');
    type('and now');
    await until(() => said.includes('You said and now.'));
    expect(said.filter((words) => words.includes('echo ran'))).toHaveLength(1);
    expect(outputs().map(({ output }) => output)).toEqual(['<data>echo ran</data>']);
    expect(calls).toEqual([expect.objectContaining({ outcome: 'ok' })]);
    expect(fixture.server.ran).toEqual(['echo']);
  });

  it('has its result announced again when the announcement stayed empty', async () => {
    const open = fixture.gate();
    const { said, type, outputs, usually } = await fixture.conversation();
    usually('echo', 20_000);
    type('call echo');
    await until(() => said.some((words) => words.includes('We can keep talking')));
    let refusals = 1;
    fixture.fake.decide = (items, instructions) =>
      items.findLast(({ role }) => role !== 'assistant')?.type === 'function_call_output' && refusals-- > 0
        ? { nothing: true }
        : rehearsing(items, instructions);
    open();
    await until(() => said.some((words) => words.includes('echo ran')));
    expect(outputs()).toHaveLength(1);
  });
});

describe('the voice model', () => {
  it('may make a chain of tool calls in one turn', async () => {
    const { said, type } = await fixture.conversation();
    fixture.fake.decide = (items, instructions) => {
      const done = items.filter(({ type: kind }) => kind === 'function_call_output').length;
      if (instructions) return rehearsing(items, instructions);
      return done < 6 ? { call: 'echo', arguments: '{}' } : { say: `${done} calls` };
    };
    type('go');
    await until(() => said.includes('6 calls'));
    expect(fixture.server.ran).toHaveLength(6);
  });

  it('corrects arguments by the rejection that it gets', async () => {
    fixture.server.tools = [
      {
        name: 'weather',
        inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    ];
    const { said, type, connection } = await fixture.conversation();
    await until(() => connection.catalog !== null && connection.state.name === 'ready');
    fixture.fake.decide = (items, instructions) => {
      const last = items.findLast(({ role }) => role !== 'assistant');
      const missing = /required argument "(\w+)"/.exec(last?.output ?? '');
      if (missing) return { call: 'weather', arguments: JSON.stringify({ [missing[1] ?? '']: 'Rome' }) };
      return rehearsing(items, instructions);
    };
    type('call weather {}');
    await until(() => said.some((words) => words.includes('weather ran')));
    expect(fixture.server.ran).toEqual(['weather']);
  });
});
