import { describe, expect, it } from 'vitest';
import { Transcript } from './transcript.svelte.ts';

const said = (transcript: Transcript) =>
  transcript.entries.map((entry) => (entry.kind === 'said' ? `${entry.who}: ${entry.text}` : entry.kind));

describe('Transcript', () => {
  it('grows a caption word by word', () => {
    const transcript = new Transcript();
    transcript.beginSaid('agent', 'a');
    transcript.addText('agent', 'a', 'It is ');
    transcript.addText('agent', 'a', 'four.');
    expect(transcript.entries[0]).toMatchObject({ text: 'It is four.', isDone: false });
    transcript.endSaid('agent', 'a');
    expect(transcript.entries[0]).toMatchObject({ isDone: true });
  });

  it('corrects speech in place, and keeps the old words until the new ones come', () => {
    const transcript = new Transcript();
    transcript.beginSaid('user', 'u');
    transcript.addText('user', 'u', 'what dime');
    transcript.endSaid('user', 'u');
    transcript.beginSaid('user', 'u');
    expect(said(transcript)).toEqual(['user: what dime']);
    transcript.addText('user', 'u', 'what time');
    expect(said(transcript)).toEqual(['user: what time']);
  });

  it('does not mix up a user and an agent with the same segment id', () => {
    const transcript = new Transcript();
    transcript.beginSaid('user', '1');
    transcript.beginSaid('agent', '1');
    transcript.addText('agent', '1', 'Hello');
    transcript.addText('user', '1', 'Hi');
    expect(said(transcript)).toEqual(['user: Hi', 'agent: Hello']);
  });

  it('keeps a place for user speech whose text arrives after the answer has begun', () => {
    const transcript = new Transcript();
    transcript.beginTurn('1');
    transcript.beginSaid('agent', 'a');
    transcript.addText('agent', 'a', 'It is ');
    transcript.beginSaid('user', 'u');
    transcript.addText('user', 'u', 'What time');
    transcript.addText('agent', 'a', 'four.');
    transcript.endSaid('user', 'u');
    transcript.beginSaid('user', 'u');
    transcript.addText('user', 'u', 'What time is it?');
    expect(said(transcript)).toEqual(['user: What time is it?', 'agent: It is four.']);
    expect([transcript.isLast('user', 'u'), transcript.isLast('agent', 'a')]).toEqual([false, true]);
  });

  it('assigns text to the oldest turn, and removes a turn without text', () => {
    const transcript = new Transcript();
    transcript.beginTurn('cough');
    transcript.beginTurn('1');
    transcript.beginSaid('agent', 'a');
    transcript.addText('agent', 'a', 'Yes?');
    transcript.beginSaid('user', 'empty');
    transcript.endSaid('user', 'empty');
    transcript.dropTurn('cough');
    transcript.beginTurn('2');
    for (const id of ['u1', 'u2']) {
      transcript.beginSaid('user', id);
      transcript.addText('user', id, id);
    }
    expect(said(transcript)).toEqual(['user: u1', 'agent: Yes?', 'user: u2']);
    transcript.beginSaid('user', 'u3');
    transcript.addText('user', 'u3', 'u3');
    expect(said(transcript).at(-1)).toBe('user: u3');
  });

  it('drops a caption that stayed empty', () => {
    const transcript = new Transcript();
    transcript.beginSaid('agent', 'a');
    transcript.endSaid('agent', 'a');
    expect(transcript.entries).toEqual([]);
  });

  it('shows one line for a call from its start to its end', () => {
    const transcript = new Transcript();
    transcript.call({ type: 'tool_call', id: '1', name: 'clock__now', phase: 'started' });
    transcript.typed('wait');
    transcript.call({
      type: 'tool_call',
      id: '1',
      name: 'clock__now',
      phase: 'finished',
      outcome: 'ok',
      duration_ms: 14,
    });
    expect(transcript.entries).toMatchObject([
      { kind: 'call', phase: 'finished', outcome: 'ok', durationMs: 14 },
      { kind: 'said', text: 'wait' },
    ]);
  });

  it("shows a call's progress until it ends", () => {
    const transcript = new Transcript();
    const call = { type: 'tool_call', id: '1', name: 'clock__countdown' } as const;
    transcript.call({ ...call, phase: 'started' });
    transcript.callProgress({ type: 'tool_progress', id: '1', progress: 3, total: 10, message: '7 left' });
    transcript.callProgress({ type: 'tool_progress', id: 'another', progress: 9 });
    expect(transcript.entries).toMatchObject([{ progress: { progress: 3, total: 10, message: '7 left' } }]);
    transcript.call({ ...call, phase: 'cancelled' });
    transcript.callProgress({ type: 'tool_progress', id: '1', progress: 4 });
    expect(transcript.entries).toMatchObject([{ phase: 'cancelled', progress: { progress: 3 } }]);
  });

  it('does not say the same note twice in a row', () => {
    const transcript = new Transcript();
    transcript.note('clock removed');
    transcript.note('clock removed');
    expect(transcript.entries).toHaveLength(1);
  });
});
