import { describe, expect, it } from 'vitest';
import type { Item } from '../protocol/items.ts';
import { decideReply, instructedText, type Situation } from './reply.ts';
import { assistant, call, output, system, user } from '../sample-items.ts';
import { addNote, currentTime, deleteNotes, getSum, listNotes, sampleTools, tool } from '../sample-tools.ts';
import type { Tool } from '../protocol/validate.ts';

function decide(items: Item[], more: Partial<Situation> = {}) {
  const [decision] = decideReply({
    items,
    tools: sampleTools,
    formerTools: [],
    sessionInstructions: '',
    toolChoice: 'auto',
    sentences: ['what time is it in tokyo'],
    reasons: false,
    callsInParallel: false,
    ...more,
  });
  if (!decision || decision.kind === 'reason') throw new Error('nothing was decided');
  return decision;
}

function callFor(text: string, tools: Tool[] = sampleTools) {
  const decision = decide([user(text)], { tools });
  return decision.kind === 'call' ? [decision.name, decision.args] : decision.text;
}

function said(items: Item[], more: Partial<Situation> = {}) {
  const decision = decide(items, more);
  return decision.kind === 'say' ? decision.text : `calls ${decision.name}`;
}

describe('which tool', () => {
  it.each([
    ['what time is it in Tokyo', currentTime.name, { city: 'Tokyo' }],
    ['What is the current time in new york, please?', currentTime.name, { city: 'New York' }],
    ['what time is it in Atlantis?', currentTime.name, { city: 'Atlantis' }],
    [
      'the time difference between Berlin and Tokyo',
      'clock__time_difference',
      { from: 'Berlin', to: 'Tokyo' },
    ],
    ['time difference to Paris from London', 'clock__time_difference', { from: 'London', to: 'Paris' }],
    ['add a note: buy milk', addNote.name, { text: 'buy milk' }],
    ['Add a note: Buy milk and eggs', addNote.name, { text: 'Buy milk and eggs' }],
    ['add a note buy milk and eggs', addNote.name, { text: 'buy milk and eggs' }],
    ['make a note saying hi', addNote.name, { text: 'hi' }],
    ['save the note "Call Zoë"', addNote.name, { text: 'Call Zoë' }],
    ['what notes do I have?', listNotes.name, {}],
    ['show me my notes', listNotes.name, {}],
    ['delete all notes', deleteNotes.name, {}],
    ['what is the sum of three and twenty five', getSum.name, { a: 3, b: 25 }],
    ['count down from 20', 'clock__countdown', { seconds: 20 }],
    ['Countdown of 30 seconds', 'clock__countdown', { seconds: 30 }],
    ['get sum: b = 2, a = -1.5', getSum.name, { a: -1.5, b: 2 }],
  ])('%s', (text, name, args) => {
    expect(callFor(text)).toEqual([name, args]);
  });

  it('asks for a required argument, and takes the next message as its value', () => {
    const question = said([user('add a note')]);
    expect(question).toBe('What is the text for add note? For example buy milk, call the dentist.');
    const asked = [user('add a note'), assistant(question)];
    expect(decide([...asked, user('Water the plants')])).toMatchObject({
      args: { text: 'Water the plants' },
    });
    expect(decide([...asked, user('what time is it in Paris')])).toMatchObject({ name: currentTime.name });
  });

  it('says that it has no tool for a request, and gives an example', () => {
    expect(callFor('what is the weather like')).toBe(
      'I have no tool for that. You can say: what time is it in tokyo.',
    );
    expect(said([user('')])).toMatch(/^I did not understand that/);
  });

  it('follows tool_choice', () => {
    expect(said([user('what time is it in Tokyo')], { toolChoice: 'none' })).toMatch(/no tool/);
    expect(decide([user('go on')], { toolChoice: { type: 'function', name: listNotes.name } })).toMatchObject(
      {
        kind: 'call',
        name: listNotes.name,
      },
    );
  });
});

describe('arguments from the schema', () => {
  const args = (text: string, properties: Parameters<typeof tool>[2], required: string[]) =>
    callFor(text, [tool('shop__order_pizza', '', properties, required)]).at(1);

  it('accepts only values of an enum, also by the last part of a path', () => {
    const zone = { type: 'string', enum: ['Asia/Tokyo', 'America/New_York'] };
    expect(args('order a pizza in new york', { zone }, ['zone'])).toEqual({ zone: 'America/New_York' });
    expect(callFor('order a pizza in Rome', [tool('order_pizza', '', { zone })])).toMatch(
      /^What is the zone for order pizza\?/,
    );
  });

  it('assigns numbers by the names next to them', () => {
    const numbers = { duration: { type: 'number' }, steps: { type: 'integer' } };
    expect(args('order pizza with 3 steps', numbers, [])).toEqual({ steps: 3 });
    expect(args('order pizza, duration 2.5 and steps 4', numbers, [])).toEqual({ duration: 2.5, steps: 4 });
  });

  it('omits optional parameters unless they were named', () => {
    const optional = {
      spicy: { type: 'boolean' },
      note: { type: 'string' },
      size: { type: 'string', enum: ['big'] },
    };
    expect(args('order a pizza', optional, [])).toEqual({});
    expect(args('order a big pizza without spicy things', optional, [])).toEqual({
      spicy: false,
      size: 'big',
    });
    expect(args('order a spicy pizza, note: no onions', optional, [])).toEqual({
      spicy: true,
      note: 'no onions',
    });
  });

  it('fills several text parameters by their names', () => {
    const texts = { title: { type: 'string' }, text: { type: 'string' } };
    expect(
      args('order a pizza with title Shopping and text milk and eggs', texts, ['title', 'text']),
    ).toEqual({
      title: 'Shopping',
      text: 'milk and eggs',
    });
  });

  it('fills lists, objects, constants, defaults and references', () => {
    expect(args('order a pizza with ham, olives and cheese', { toppings: { type: 'array', items: { type: 'string' } } }, ['toppings'])).toEqual({ toppings: ['ham', 'olives', 'cheese'] });
    expect(args('order a pizza', { kind: { const: 'food' }, oven: { type: 'string', default: 'hot' } }, ['kind', 'oven'])).toEqual({ kind: 'food', oven: 'hot' });
    const parameters = { type: 'object', properties: { many: { $ref: '#/$defs/n' } }, required: ['many'], $defs: { n: { anyOf: [{ type: 'null' }, { type: 'integer' }] } } };
    expect(callFor('order two pizzas', [{ type: 'function', name: 'order_pizza', parameters }])).toEqual(['order_pizza', { many: 2 }]);
  }); // prettier-ignore
});

describe('answers', () => {
  const asked = [user('what time is it in Tokyo'), call(currentTime.name)];

  it('says a text without its quotation marks', () => {
    expect(said([...asked, output('It is 2:05 PM in Tokyo.')])).toBe('It is 2:05 PM in Tokyo.');
    expect(said([...asked, output('The clock is not reachable right now.')])).toBe(
      'The clock is not reachable right now.',
    );
  });

  it('says the text of a result, but not the structured content below it', () => {
    expect(said([...asked, output('It is noon.\n{"city":"Tokyo","time":"12:00"}')])).toBe('It is noon.');
    expect(said([...asked, output('A map:\n[picture, image/png]\n{"id":1}')])).toBe(
      'A map: [picture, image/png].',
    );
  });

  it('reads JSON out, and says so if it is empty', () => {
    expect(said([...asked, output('{"city":"Tokyo","utc_offset":9,"next":null}')])).toBe(
      'city: Tokyo, utc offset: 9.',
    );
    expect(said([...asked, output('')])).toBe('Done: current time.');
    expect(said([...asked, output('"city" must be text. Correct it; do not read this out loud.')])).toBe(
      'I could not do that: current time did not accept my request.',
    );
  });

  it('truncates long results', () => {
    const text = said([...asked, output('One thing, another. '.repeat(100))]);
    expect(text.length).toBeLessThan(450);
    expect(text).toMatch(/and more\.$/);
  });

  it('handles one request after another, and says both results', () => {
    const both = user('what time is it in Tokyo and then list my notes');
    expect(decide([both])).toMatchObject({ name: currentTime.name, args: { city: 'Tokyo' } });
    const first = [both, call(currentTime.name), output('It is noon.')];
    expect(decide(first)).toMatchObject({ name: listNotes.name });
    expect(said([...first, call(listNotes.name, 'call_2'), output('No notes.', 'call_2')])).toBe(
      'It is noon. No notes.',
    );
  });

  it('does not take speech during a call for an answer, and continues the chain', () => {
    const asked = user('what time is it in Tokyo, then list the notes');
    const waiting = [asked, call(currentTime.name), assistant('One moment.')];
    const done = [...waiting, output('It is 9 AM.')];
    expect(said(done)).toBe(`calls ${listNotes.name}`);
    const last = [call(listNotes.name, 'call_2'), output('No notes.', 'call_2')];
    expect(said([...done, ...last])).toBe('It is 9 AM. No notes.');
  });

  it('says a late output, then answers what was asked in the meantime', () => {
    const items = [...asked, user('list my notes'), output('It is noon.')];
    expect(said(items)).toBe('It is noon.');
    expect(decide([...items, assistant('It is noon.')])).toMatchObject({
      kind: 'call',
      name: listNotes.name,
    });
  });

  it('does not repeat a call while the tool runs or after the answer', () => {
    expect(said(asked)).toBe('I am still working on it.');
    expect(said([...asked, output('It is noon.'), assistant('It is noon.')])).toMatch(/anything else/);
  });
});

describe('removed tools', () => {
  const sentence = 'I cannot do that: current time is not available now.';
  const tools = [addNote, listNotes];

  it('are known from the session, from calls and from system messages', () => {
    const ask = user('what time is it in Tokyo');
    expect(said([ask], { tools, formerTools: [currentTime] })).toBe(sentence);
    expect(said([call(currentTime.name), ask], { tools })).toBe(sentence);
    expect(said([system('Tools removed: clock__current_time, clock__countdown.'), ask], { tools })).toBe(
      sentence,
    );
    expect(said([system('Tools added: clock__current_time.'), ask], { tools })).toMatch(/no tool/);
  });

  it('for the role of the user are refused with that reason, as long as it is the last word on them', () => {
    const ask = user('what time is it in Tokyo');
    const forbidden = system(
      "Tools left out: clock__current_time (not available to the user's role, which reads).",
    );
    expect(said([forbidden, ask], { tools })).toBe(
      'Your role in this workspace does not allow current time.',
    );
    expect(said([forbidden, system('Tools removed: clock__current_time.'), ask], { tools })).toBe(sentence);
  });

  it('do not stand in the way of those that came back', () => {
    const items = [system('Tools removed: clock__current_time.'), user('what time is it in Tokyo')];
    expect(decide(items)).toMatchObject({ kind: 'call', name: currentTime.name });
  });
});

describe('a server that waits for the user', () => {
  const line = (words: string) =>
    system(`The Tickets server needs action from the user. When the user asks for it, say once: "${words}"`);

  it('is spoken of in the words that were given, when it is asked for', () => {
    const told = [line('Tickets needs a key.'), line('Tickets needs you.')];
    expect(said([...told, user('show me my tickets')], { tools: [] })).toBe('Tickets needs you.');
    expect(said([...told, user('tell me a joke')], { tools: [] })).toMatch(/^I have no tool/);
  });

  it('is spoken of no more when its tools are there', () => {
    const tickets = tool('tickets__list_tickets', 'Lists tickets.');
    const items = [line('Tickets needs you.'), user('list my tickets')];
    expect(said(items, { tools: [tickets] })).toBe('calls tickets__list_tickets');
  });
});

describe('instructions', () => {
  it('are followed to the letter when they quote', () => {
    const own = 'You are "kind". Never say: "no".';
    expect(instructedText('Greet the user with: "Hello, I am ready."', own)).toBe('Hello, I am ready.');
    expect(instructedText(`${own}\nTell the user: “One moment.”`, own)).toBe('One moment.');
    expect(instructedText(`${own}\nSay "a" with: "He said "hi" to me."`, own)).toBe('He said "hi" to me.');
  });

  it('of the session alone say nothing', () => {
    expect(instructedText('Never say: "no".', 'Never say: "no".')).toBeUndefined();
    expect(said([user('hello')], { responseInstructions: 'Be short.' })).toBe(
      'Hello. What can I do for you?',
    );
  });
});

describe('small talk', () => {
  it.each([
    ['hello', /^Hello/],
    ['tell me a long story', /^Once upon a time/],
    ['what can you do', /^I have 7 tools: current time/],
    ['stop', /^All right/],
  ])('%s', (text, answer) => {
    expect(said([user(text)])).toMatch(answer);
  });

  it('greets when nobody has spoken', () => {
    expect(said([])).toBe('Hello. What can I do for you?');
  });
});
