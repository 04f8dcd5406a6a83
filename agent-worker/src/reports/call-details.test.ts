import { describe, expect, it } from 'vitest';
import { CallMemory } from './call-details.ts';

const call = (id: string) => ({ id, arguments: { city: 'Tokyo' } });

describe('the memory of calls', () => {
  it('tells what a call was given and what it said', () => {
    const memory = new CallMemory();
    memory.keep(call('a'), { result: 'It is four.' });
    expect(memory.of('a')).toEqual({ arguments: { city: 'Tokyo' }, result: 'It is four.' });
    expect(memory.of('b')).toBeNull();
    memory.keep(call('b'), { result: 'A secret.', for_user: true });
    expect(memory.of('b')).toMatchObject({ result: 'A secret.', for_user: true });
  });

  it('cuts a long result, so that an answer fits into one message', () => {
    const memory = new CallMemory();
    memory.keep(call('a'), { result: 'x'.repeat(100_000) });
    expect(memory.of('a')?.result).toMatch(/^x{2000}… \(100000 characters\)$/);
  });

  it('forgets the oldest', () => {
    const memory = new CallMemory();
    for (let id = 0; id <= 50; id += 1) memory.keep(call(String(id)), { result: 'done' });
    expect(memory.of('0')).toBeNull();
    expect(memory.of('1')).not.toBeNull();
    expect(memory.of('50')).not.toBeNull();
  });
});
