import { describe, expect, it } from 'vitest';
import { ToolUpdates } from './tool-updates.ts';

const tool = (name: string, parameters: object = { type: 'object', properties: {} }) => ({
  type: 'function',
  name,
  description: `Does ${name}`,
  parameters,
});
const wider = { type: 'object', properties: { text: { type: 'string', examples: ['hi'] } } };

let ids = 0;
const update = (session: object) => ({ type: 'session.update', event_id: `e${++ids}`, session });
const toolsUpdate = (...tools: object[]) => update({ type: 'realtime', tools });
const updated = (...tools: object[]) => ({ type: 'session.updated', session: { tools } });
const failed = (error: object) => ({ type: 'error', error: { message: 'no', ...error } });

const normalised = ({ name, description }: ReturnType<typeof tool>) => ({
  strict: null,
  parameters: { properties: {}, type: 'object' },
  description,
  name,
  type: 'function',
});

describe('an update of tools', () => {
  it('is acknowledged by a session that holds just what was sent, in whatever order', () => {
    const updates = new ToolUpdates();
    const definitions = updates.sent(toolsUpdate(tool('a'), tool('b')));
    expect(updates.received(updated(normalised(tool('b')), tool('a')))).toEqual({
      outcome: 'acknowledged',
      definitions,
    });
  });

  it('is not acknowledged by the late answer to an earlier one, of which only a schema differs', () => {
    const updates = new ToolUpdates();
    const before = updates.sent(toolsUpdate(tool('a')));
    const after = updates.sent(toolsUpdate(tool('a', wider)));
    expect(updates.received(updated(tool('a')))?.definitions).toBe(before);
    expect(updates.received(updated(tool('a', wider)))?.definitions).toBe(after);
  });

  it('nor by one that writes the definitions back in another form', () => {
    const updates = new ToolUpdates();
    const before = updates.sent(toolsUpdate(tool('a', { ...wider, title: 'x' })));
    const after = updates.sent(toolsUpdate(tool('a', wider)));
    const echo = updated(normalised(tool('a')));
    expect(updates.received(echo)?.definitions).toBe(before);
    expect(updates.received(echo)?.definitions).toBe(after);
    expect(updates.received(echo)).toBeNull();
  });

  it('nor by the answer to an update of the prompt', () => {
    const updates = new ToolUpdates();
    updates.sent(update({ type: 'realtime', instructions: 'Be kind.' }));
    const after = updates.sent(toolsUpdate(tool('a', wider)));
    const echo = updated(normalised(tool('a')));
    expect(updates.received(echo)).toBeNull();
    expect(updates.received(echo)?.definitions).toBe(after);
  });

  it('nor by the answer to what was sent before anybody listened', () => {
    const updates = new ToolUpdates();
    const after = updates.sent(toolsUpdate(tool('a', wider)));
    expect(updates.received(updated())).toBeNull();
    expect(updates.received(updated(normalised(tool('a'))))?.definitions).toBe(after);
  });

  it('is rejected by the error that names it, with the place of the tool', () => {
    const updates = new ToolUpdates();
    const sent = toolsUpdate(tool('a'), tool('b'));
    const definitions = updates.sent(sent);
    expect(updates.received(failed({ event_id: 'another' }))).toBeNull();
    const param = 'session.tools[1].parameters';
    expect(updates.received(failed({ event_id: sent.event_id, param }))).toEqual({
      outcome: 'rejected',
      definitions,
      message: 'no',
      toolIndex: 1,
      cause: 'definition',
    });
  });

  it('is rejected by an error that names no event, when it speaks of tools', () => {
    const updates = new ToolUpdates();
    const definitions = updates.sent(toolsUpdate(tool('a')));
    expect(updates.received(failed({ param: 'session.instructions' }))).toBeNull();
    expect(updates.received(failed({ param: 'session.tools' }))).toMatchObject({
      outcome: 'rejected',
      definitions,
      toolIndex: null,
    });
  });

  it('that was rejected does not stand in the way of the next one', () => {
    const updates = new ToolUpdates();
    updates.sent(toolsUpdate(tool('a', wider)));
    updates.received(failed({ event_id: null, param: 'session.tools[0].parameters' }));
    const next = updates.sent(toolsUpdate(tool('a')));
    expect(updates.received(updated(normalised(tool('a'))))?.definitions).toBe(next);
  });

  it('of a former connection is not waited for', () => {
    const updates = new ToolUpdates();
    updates.sent(toolsUpdate(tool('a')));
    updates.sent({ type: 'session.update', session: { output_modalities: ['audio'], instructions: '' } });
    const next = updates.sent(toolsUpdate(tool('a', wider)));
    expect(updates.received(updated())).toBeNull();
    expect(updates.received(updated(normalised(tool('a'))))?.definitions).toBe(next);
  });

  it('has nothing to do with other events', () => {
    const updates = new ToolUpdates();
    expect(updates.sent({ type: 'response.create' })).toBeNull();
    expect(updates.received({ type: 'response.done' })).toBeNull();
  });
});
