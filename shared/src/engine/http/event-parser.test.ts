import { expect, it } from 'vitest';
import { EventParser, type ServerEvent } from './event-parser.ts';

function parser(maxEventChars = 1_000) {
  const events: ServerEvent[] = [];
  const retries: number[] = [];
  const one = new EventParser({
    maxEventChars,
    onEvent: (event) => events.push(event),
    onRetry: (ms) => retries.push(ms),
  });
  return { one, events, retries };
}

it('reads the fields of events, and leaves out what the standard leaves out', () => {
  const { one, events, retries } = parser();
  one.feed(': comment\nid: 7\nevent: note\ndata:one\ndata:  two\ndata\nodd: field\nodd\nretry: 50\n\n');
  one.feed('event: without data\n\nretry: soon\nid: a\0b\ndata: last\n\n');
  expect(events).toEqual([
    { id: '7', event: 'note', data: 'one\n two\n' },
    { id: undefined, event: undefined, data: 'last' },
  ]);
  expect(retries).toEqual([50]);
});

it.each([
  ['lines of data', 'data: x\n'],
  ['empty lines of data', 'data\n'],
  ['names of events', 'event: x\n'],
  ['ids', 'id: x\n'],
  ['a line that does not end', 'x'.repeat(50)],
  ['a comment that does not end', `:${'x'.repeat(50)}`],
])('an event of endless %s is refused at its limit', (_what, piece) => {
  const { one } = parser();
  const feedAll = (): void => {
    for (let fed = 0; fed < 100; fed += 1) one.feed(piece);
  };
  expect(feedAll).toThrow(expect.objectContaining({ code: 'response_too_large' }));
  expect(one.held).toBeLessThan(1_100);
});

it.each([
  ['comments', ': still here\n'],
  ['unknown fields', 'x\n'],
  ['times to reconnect', 'retry: 1\n'],
  ['blank lines', '\n'],
  ['small events', 'data: x\n\n'],
])('endless %s are read without being held', (_what, piece) => {
  const { one } = parser();
  for (let fed = 0; fed < 1_000; fed += 1) {
    one.feed(piece.repeat(10));
    expect(one.held).toBe(0);
  }
});
