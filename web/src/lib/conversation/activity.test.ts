import { describe, expect, it } from 'vitest';
import { endingNote, readActivity } from './activity.ts';

describe('readActivity', () => {
  it.each([
    { type: 'tools', names: ['clock__now'], reason: 'clock was added', acknowledged: true },
    {
      type: 'tools',
      names: [],
      reason: '',
      acknowledged: true,
      left_out: [{ server: 'clock', tool: 'now', reason: 'limit' }],
    },
    {
      type: 'tools',
      names: ['clock__now'],
      reason: '',
      acknowledged: true,
      budget: {
        tools: 128,
        tokens: 14_000,
        servers: [{ server_id: 'c', tools: 1, tokens: 60, left_out: 0, left_out_tokens: 0 }],
      },
    },
    { type: 'tool_call', id: '1', name: 'clock__now', phase: 'started' },
    { type: 'tool_call', id: '1', name: 'clock__now', phase: 'finished', outcome: 'ok', duration_ms: 14 },
    { type: 'tool_progress', id: '1', progress: 3 },
    { type: 'tool_progress', id: '1', progress: 3, total: 10, message: '7 left' },
    { type: 'server', server_id: 's', name: 'clock', state: 'ready' },
    { type: 'ended', reason: 'model_not_found' },
    { type: 'unanswered', reason: 'rate_limited' },
    { type: 'model', state: 'reconnecting' },
    { type: 'idle', ends_in_ms: 60_000 },
    { type: 'time_limit', ends_in_ms: 300_000 },
    { type: 'user_turn', id: 'item_1', phase: 'started' },
  ])('reads $type', (message) => {
    expect(readActivity(JSON.stringify(message))).toEqual(message);
  });

  it.each([
    'not json',
    'null',
    '[]',
    '{"type":"unknown"}',
    '{"type":"tools","names":[1],"reason":"","acknowledged":true}',
    '{"type":"tools","names":[],"reason":"","acknowledged":true,"left_out":[{"server":"clock"}]}',
    '{"type":"tools","names":[],"reason":"","acknowledged":true,"budget":{"tools":1,"tokens":2}}',
    '{"type":"tools","names":[],"reason":"","acknowledged":true,"budget":{"tools":1,"tokens":2,"servers":[{"server_id":"s"}]}}',
    '{"type":"tool_call","id":"1","name":"x","phase":"exploded"}',
    '{"type":"tool_call","id":"1","name":"x","phase":"started","duration_ms":"long"}',
    '{"type":"tool_progress","id":"1","progress":"half"}',
    '{"type":"tool_progress","id":"1","progress":1,"message":{}}',
    '{"type":"server","server_id":3,"state":"ready"}',
    '{"type":"ended","reason":"on a whim"}',
    '{"type":"ended"}',
    '{"type":"unanswered","reason":"model_quota"}',
    '{"type":"model","state":"tired"}',
    '{"type":"idle","ends_in_ms":"soon"}',
    '{"type":"time_limit"}',
    '{"type":"user_turn","id":"1","phase":"heard"}',
  ])('leaves out %s', (text) => {
    expect(readActivity(text)).toBeNull();
  });
});

it('tells an idle user when the conversation ends', () => {
  expect(endingNote({ type: 'idle', ends_in_ms: 60_000 })).toBe(
    "You haven't said anything for a while. The conversation ends in 60 seconds unless you speak or type.",
  );
});

it('says when a conversation reaches its time limit', () => {
  expect(endingNote({ type: 'time_limit', ends_in_ms: 300_000 })).toBe(
    'This conversation has almost reached its time limit. It ends in 5 minutes.',
  );
});
