import { beforeEach, describe, expect, it } from 'vitest';
import { Conversation } from './conversation.ts';
import type { Item } from '../protocol/items.ts';

let conversation: Conversation;
beforeEach(() => {
  let n = 0;
  conversation = new Conversation('conv_1', () => `item_${n++}`);
});

const message = (id?: string) => ({ id, type: 'message' as const, role: 'user' as const, content: [] });
const ids = () => conversation.items.map((item) => item.id);

describe('conversation', () => {
  it('inserts items where the client asks', () => {
    conversation.create(message('b'), undefined);
    conversation.create(message('a'), 'root');
    const created = conversation.create(message('between'), 'a');
    expect(created).toMatchObject({ ok: true, value: { previousId: 'a' } });
    expect(conversation.create(message(), null)).toMatchObject({ value: { item: { id: 'item_0' } } });
    expect(ids()).toEqual(['a', 'between', 'b', 'item_0']);
  });

  it('refuses unknown positions, duplicate ids and outputs of unknown calls', () => {
    conversation.create(message('a'), undefined);
    const output = { type: 'function_call_output' as const, call_id: 'call_9', output: '1' };
    expect(conversation.create(message(), 'nowhere')).toMatchObject({ complaint: { code: 'item_create_invalid_previous_item_id' } });
    expect(conversation.create(message('a'), undefined)).toMatchObject({ complaint: { code: 'item_create_duplicate_item_id' } });
    expect(conversation.create(output, undefined)).toMatchObject({ complaint: { code: 'invalid_tool_call_id' } });
    expect(conversation.delete('b')).toMatchObject({ complaint: { code: 'item_delete_invalid_item_id' } });
    expect(ids()).toEqual(['a']);
  }); // prettier-ignore

  it('accepts the output of a replayed call', () => {
    conversation.create({ type: 'function_call', call_id: 'call_9', name: 'f', arguments: '{}' }, undefined);
    expect(
      conversation.create({ type: 'function_call_output', call_id: 'call_9', output: '1' }, undefined).ok,
    ).toBe(true);
  });

  it('truncates a message to what was heard', () => {
    const item: Item = { id: 's', object: 'realtime.item', status: 'completed', type: 'message', role: 'assistant', content: [] };
    conversation.append(item);
    conversation.noteSpoken('s', { audioMs: 4000, transcript: 'one two three four' });
    expect(conversation.truncate('s', 5000)).toMatchObject({ complaint: { param: 'audio_end_ms' } });
    expect(conversation.truncate('s', 2100).ok).toBe(true);
    expect(conversation.items).toMatchObject([{ content: [{ transcript: 'one two' }] }]);
    expect(conversation.truncate('s', 3000).ok).toBe(false);
  }); // prettier-ignore
});
