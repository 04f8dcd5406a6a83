import { describe, expect, it } from 'vitest';
import { until, useCallFixture } from '../testing/call-fixture.ts';

const fixture = useCallFixture();

describe('a tool call that the user speaks over', () => {
  it('is canceled at the server when it may be repeated', async () => {
    const { said, type, outputs, calls } = await fixture.conversation();
    type('call hang');
    await until(() => fixture.server.ran.includes('hang'));
    type('something else');
    await until(() => fixture.server.cancelled === 1);
    await until(() => said.includes('You said something else.'));
    expect(calls).toEqual([expect.objectContaining({ tool_name: 'hang', outcome: 'cancelled' })]);
    expect(outputs().map(({ output }) => output)).toEqual([
      expect.stringContaining('canceled because the user spoke'),
    ]);
  });

  it('is canceled by spoken words too', async () => {
    const { type, calls } = await fixture.conversation();
    type('call hang');
    await until(() => fixture.server.ran.includes('hang'));
    fixture.fake.hear('never mind');
    await until(() => fixture.server.cancelled === 1);
    await until(() => calls.length === 1);
    expect(calls).toEqual([expect.objectContaining({ outcome: 'cancelled' })]);
  });

  it('is not canceled by a cough', async () => {
    const open = fixture.gate();
    const { said, heard, type, calls } = await fixture.conversation();
    type('call echo');
    await until(() => fixture.server.ran.includes('echo'));
    fixture.fake.hear('');
    await until(() => heard.length === 2);
    open();
    await until(() => said.some((words) => words.includes('echo ran')));
    expect(calls).toEqual([expect.objectContaining({ outcome: 'ok' })]);
  });

  it('keeps running when it may not be repeated, and its result is announced after the answer', async () => {
    const open = fixture.gate();
    const { said, type, calls } = await fixture.conversation({ repeatable: false });
    type('call echo');
    await until(() => fixture.server.ran.includes('echo'));
    type('something else');
    await until(() => said.includes('You said something else.'));
    open();
    await until(() => said.at(-1)?.includes('echo ran'));
    expect(calls).toEqual([expect.objectContaining({ outcome: 'ok' })]);
  });

  it('is canceled when the user hangs up, even if it may not be repeated', async () => {
    const { said, type, calls, faults, session, connection, usually } = await fixture.conversation({
      repeatable: false,
    });
    usually('hang', 20_000);
    type('call hang');
    await until(() => said.some((words) => words.includes('We can keep talking')));
    await session.close();
    await connection.close();
    await until(() => fixture.server.cancelled === 1);
    expect(calls).toEqual([expect.objectContaining({ outcome: 'cancelled' })]);
    expect(faults).toEqual([]);
  });
});
