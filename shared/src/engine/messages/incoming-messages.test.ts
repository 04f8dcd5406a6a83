import { describe, expect, it } from 'vitest';
import { hasResponseTo, isMessage, readMessages, type Expected } from './incoming-messages.ts';

const own = { id: 7, method: 'tools/call' };
const other = { id: 8, method: 'tools/list' };
const expected: Expected = { own, find: (id) => (Number(id) === other.id ? other : null) };
const error = { code: -32_600, message: 'Call initialize first' };

const idsOf = (json: unknown, isWhole: boolean) =>
  readMessages(json, expected, isWhole).map((message) => (message as { id?: unknown }).id);

describe('the id of a response', () => {
  it.each([
    ['as it was sent', { id: 7, result: {} }, 7],
    ['a number written as text', { id: '7', result: {} }, 7],
    ['of another request', { id: '8', result: {} }, 8],
    ['null, with an error', { id: null, error }, 7],
    ['missing, with an error', { error }, 7],
    ['null, with a result', { jsonrpc: '2.0', id: null, result: {} }, 7],
    ['missing, with a result', { jsonrpc: '2.0', result: {} }, 7],
    ['as text, with an error that is a text', { id: '7', error: 'Not now' }, 7],
    ['as it was sent, beside the method', { id: 7, method: 'tools/call', result: {} }, 7],
  ])('%s', (_what, message, id) => {
    expect(idsOf(message, true)).toEqual([id]);
    expect(idsOf(message, false)).toEqual([id]);
  });

  it.each([
    ['unknown, with an error', { id: 'server-error', error }, 7],
    ['empty, with an error', { id: '', error }, 7],
    ['null, with a result that may be of no message', { id: null, result: {} }, 7],
    ['missing, with a result that may be of no message', { result: {} }, 7],
  ])('%s: is taken for the request when the body holds nothing else', (_what, message, id) => {
    expect(idsOf(message, true)).toEqual([id]);
    expect(idsOf(message, false)).not.toEqual([id]);
  });

  it('of a result for somebody else is left alone', () => {
    expect(idsOf({ id: 99, result: {} }, true)).toEqual([99]);
  });

  it('is missing on a stream that belongs to no request: nobody is answered', () => {
    const nobody = { own: null, find: () => null };
    expect(readMessages({ id: null, error }, nobody, false)).toEqual([{ jsonrpc: '2.0', error }]);
  });
});

it('splits batches, and leaves what needs no change as it is', () => {
  const notice = { jsonrpc: '2.0', method: 'notifications/progress', params: {} };
  const response = { jsonrpc: '2.0', id: 7, result: { content: [] } };
  const messages = readMessages([notice, response], expected, true);
  expect(messages[0]).toBe(notice);
  expect(messages[1]).toBe(response);
  expect(hasResponseTo(messages, own)).toBe(true);
  expect(hasResponseTo([notice], own)).toBe(false);
});

it('tells messages from other JSON', () => {
  expect([{ method: 'ping' }, { result: {} }, { error }].every(isMessage)).toBe(true);
  expect([{ hello: 1 }, { error: null }, [], 'text', null].some(isMessage)).toBe(false);
});
