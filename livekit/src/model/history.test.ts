import { describe, expect, it } from 'vitest';
import { planForgetting } from './history.ts';

const message = (id: string) => ({ id, type: 'message' as const });
const call = (callId: string) => ({ id: `call ${callId}`, type: 'function_call' as const, callId });
const output = (callId: string) => ({
  id: `output ${callId}`,
  type: 'function_call_output' as const,
  callId,
});

const idsOf = (items: Parameters<typeof planForgetting>[0], most: number, kept: number) =>
  planForgetting(items, most, kept).map(({ id }) => id);

describe('what a long conversation forgets', () => {
  it('is nothing while there is room', () => {
    expect(idsOf([message('a'), message('b')], 2, 1)).toEqual([]);
  });

  it('is the oldest, down to what is kept', () => {
    expect(idsOf(['a', 'b', 'c', 'd'].map(message), 3, 2)).toEqual(['a', 'b']);
  });

  it('is never one half of a call', () => {
    const items = [call('1'), message('a'), output('1'), call('2'), message('b'), output('2')];
    expect(idsOf(items, 4, 2)).toEqual(['call 1', 'a', 'output 1']);
    expect(idsOf(items, 4, 4)).toEqual(['a']);
  });

  it('is no call that is still running', () => {
    expect(idsOf([call('1'), message('a'), message('b')], 2, 1)).toEqual(['a']);
  });
});
