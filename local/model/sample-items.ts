import type { Item } from './protocol/items.ts';

let count = 0;
const base = () => ({ id: `item_${count++}`, object: 'realtime.item', status: 'completed' }) as const;

export const user = (text: string): Item => ({
  ...base(),
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text }],
});
export const system = (text: string): Item => ({
  ...base(),
  type: 'message',
  role: 'system',
  content: [{ type: 'input_text', text }],
});
export const assistant = (transcript: string): Item => ({
  ...base(),
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_audio', transcript }],
});
export const call = (name: string, call_id = 'call_1'): Item => ({
  ...base(),
  type: 'function_call',
  call_id,
  name,
  arguments: '{}',
});
export const output = (text: string, call_id = 'call_1'): Item => ({
  ...base(),
  type: 'function_call_output',
  call_id,
  output: JSON.stringify(text),
});
export const reasoning = (): Item => ({ ...base(), type: 'reasoning', content: [] });
