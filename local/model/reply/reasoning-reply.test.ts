import { describe, expect, it } from 'vitest';
import type { Item } from '../protocol/items.ts';
import { decideReply, type Situation } from './reply.ts';
import { assistant, call, output, reasoning, user } from '../sample-items.ts';
import { addNote, countdown, currentTime, getSum, listNotes, sampleTools, tool } from '../sample-tools.ts';

function decide(items: Item[], more: Partial<Situation> = {}) {
  return decideReply({
    items,
    tools: sampleTools,
    formerTools: [],
    sessionInstructions: '',
    toolChoice: 'auto',
    sentences: [],
    reasons: true,
    callsInParallel: true,
    ...more,
  });
}

const REASON = { kind: 'reason' };
const PREAMBLE = { kind: 'say', text: 'Let me look.' };
const say = (text: string) => ({ kind: 'say', text });
const callTo = ({ name }: { name: string }, args = {}) => ({ kind: 'call', name, args });

const both = user('what time is it in Tokyo and list my notes');

describe('a response of a reasoning model', () => {
  it('starts with reasoning, whatever follows', () => {
    expect(decide([user('hello')])).toEqual([REASON, say('Hello. What can I do for you?')]);
  });

  it('speaks before the first call of a turn, and makes all calls that do not depend on each other', () => {
    expect(decide([both])).toEqual([
      REASON,
      PREAMBLE,
      callTo(currentTime, { city: 'Tokyo' }),
      callTo(listNotes),
    ]);
  });

  it('makes a dependent call later, without another preamble', () => {
    const chained = user('count down from 20 and list my notes, then what time is it in Tokyo');
    expect(decide([chained])).toEqual([REASON, PREAMBLE, callTo(countdown, { seconds: 20 }), callTo(listNotes)]);
    const made = [chained, reasoning(), assistant(PREAMBLE.text), call(countdown.name), call(listNotes.name, 'call_2')];
    const done = [...made, output('Over.'), output('No notes.', 'call_2')];
    expect(decide(done)).toEqual([REASON, callTo(currentTime, { city: 'Tokyo' })]);
  }); // prettier-ignore

  it('says a result while another call runs, and the other one once it arrives', () => {
    const made = [both, call(currentTime.name), call(listNotes.name, 'call_2')];
    expect(decide(made)).toEqual([REASON, say('I am still working on it.')]);
    const fast = [...made, output('It is noon.')];
    expect(decide(fast)).toEqual([REASON, say('It is noon.')]);
    const slow = [...fast, reasoning(), assistant('It is noon.'), output('No notes.', 'call_2')];
    expect(decide(slow)).toEqual([REASON, say('No notes.')]);
  });

  it('answers several requests in separate messages', () => {
    const done = [both, call(currentTime.name), call(listNotes.name, 'call_2'), output('It is noon.'), output('No notes.', 'call_2')];
    expect(decide(done)).toEqual([REASON, say('It is noon.'), say('No notes.')]);
    expect(decide(done, { reasons: false })).toEqual([say('It is noon. No notes.')]);
  }); // prettier-ignore

  it('ignores the reasoning in the conversation', () => {
    const question = 'What is the text for add note? For example buy milk, call the dentist.';
    const asked = [user('add a note'), reasoning(), assistant(question), user('Water the plants')];
    expect(decide(asked).at(-1)).toEqual(callTo(addNote, { text: 'Water the plants' }));
  });
});

describe('what is one request', () => {
  it.each([
    ['the sum of three and twenty five', [callTo(getSum, { a: 3, b: 25 })]],
    ['add a note buy milk and eggs', [callTo(addNote, { text: 'buy milk and eggs' })]],
    [
      'add a note: call the dentist and list my notes',
      [callTo(addNote, { text: 'call the dentist and list my notes' })],
    ],
  ])('%s', (text, calls) => {
    expect(decide([user(text)])).toEqual([REASON, PREAMBLE, ...calls]);
  });
});

describe('a model that makes one call at a time', () => {
  it('makes the second call when the first has its output', () => {
    const one = { callsInParallel: false };
    expect(decide([both], one)).toEqual([REASON, PREAMBLE, callTo(currentTime, { city: 'Tokyo' })]);
    const first = [both, call(currentTime.name), output('It is noon.')];
    expect(decide(first, one)).toEqual([REASON, callTo(listNotes)]);
    expect(decide(first, { ...one, reasons: false })).toEqual([callTo(listNotes)]);
  });
});

describe('optional arguments that were not said', () => {
  const nested = { type: 'object', properties: { note: { type: 'string' } } };
  const properties = { size: { type: 'string', enum: ['big'] }, extra: nested, count: { type: 'integer' } };
  const order = tool('shop__order_pizza', '', properties, ['extra']);

  it('are null, also inside objects', () => {
    expect(decide([user('order a big pizza')], { tools: [order] }).at(-1)).toEqual(
      callTo(order, { size: 'big', extra: { note: null }, count: null }),
    );
  });

  it('are omitted by the first model', () => {
    expect(decide([user('order a big pizza')], { tools: [order], reasons: false })).toEqual([
      callTo(order, { size: 'big', extra: {} }),
    ]);
  });
});
