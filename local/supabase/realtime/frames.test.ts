import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame, type Frame } from './frames.ts';

const text = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const frame: Frame = { joinRef: '1', ref: '2', topic: 'realtime:x', event: 'phx_join', payload: { a: 1 } };

test.each(['1.0.0', '2.0.0'] as const)('protocol %s reads what it writes', (protocol) => {
  const encoded = encodeFrame(frame, protocol);
  expect(decodeFrame(text(encoded as string), false, protocol)).toEqual(frame);
});

test('a client’s broadcast is binary: sizes first, then each part', () => {
  const parts = ['7', '8', 'realtime:ä', 'say', ''].map((part) => Buffer.from(part));
  const header = Buffer.from([3, ...parts.map((part) => part.length), 1]);
  const data = Buffer.concat([header, ...parts, text({ text: 'hi' })]);
  expect(decodeFrame(data, true, '2.0.0')).toEqual({
    joinRef: '7',
    ref: '8',
    topic: 'realtime:ä',
    event: 'broadcast',
    payload: { type: 'broadcast', event: 'say', payload: { text: 'hi' } },
  });
});

test.each([
  ['no JSON', text('{'), false],
  ['an object in protocol 2', text({ topic: 'x' }), false],
  ['too few parts', text(['1', '2', 'topic']), false],
  ['an empty binary frame', Buffer.alloc(0), true],
  ['an unknown kind', Buffer.from([9, 0, 0, 0, 0, 0, 0]), true],
  ['sizes beyond the end', Buffer.from([3, 255, 255, 255, 255, 255, 1, 1]), true],
  ['a body that is not the JSON it claims to be', Buffer.from([3, 0, 0, 0, 0, 0, 1, 123]), true],
])('%s is no frame', (_, data, isBinary) => {
  expect(decodeFrame(data, isBinary, '2.0.0')).toBeNull();
});

test('bytes go out as a binary frame, which protocol 1 does not have', () => {
  const payload = { type: 'broadcast', event: 'b', payload: Buffer.from([1, 2]) };
  const broadcast = { ...frame, topic: 't', event: 'broadcast', payload };
  expect(encodeFrame(broadcast, '2.0.0')).toEqual(Buffer.from([4, 1, 1, 0, 0, 0x74, 0x62, 1, 2]));
  expect(encodeFrame(broadcast, '1.0.0')).toBeNull();
});
