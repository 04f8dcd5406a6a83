import { modelLimits } from '@patchbay/shared/contract/model-limits';
import { ESTIMATE_MARGIN, estimateTokens } from '@patchbay/shared/contract/json/token-estimate';
import { describe, expect, it } from 'vitest';
import { ToolCapacity } from './tool-capacity.ts';

const LIMITS = { tools: 128, tokens: 10_000 };
const FULL = Math.floor(10_000 / (1 + ESTIMATE_MARGIN));
const PROMPT = 'You help. '.repeat(300);

describe('the room for tools', () => {
  it('is what the model takes, less the margin of the estimate and the instructions', () => {
    const room = new ToolCapacity(LIMITS);
    expect(room.budget).toEqual({ tools: 128, tokens: FULL });
    room.instructions = PROMPT;
    expect(room.budget.tokens).toBe(FULL - estimateTokens(PROMPT));
    room.instructions = PROMPT.repeat(100);
    expect(room.budget.tokens).toBe(0);
  });

  it('can be lowered by the operator, never raised', () => {
    expect(new ToolCapacity(LIMITS, 2_000).budget.tokens).toBe(2_000);
    expect(new ToolCapacity(LIMITS, 2_000_000).budget.tokens).toBe(FULL);
  });

  it('keeps what it learned when the instructions change', () => {
    const room = new ToolCapacity(LIMITS);
    room.instructions = PROMPT;
    room.limitTokens(5_000);
    room.limitTools(40);
    expect(room.budget).toEqual({ tools: 40, tokens: 5_000 });
    room.limitTokens(8_000);
    room.instructions = '';
    expect(room.budget).toEqual({ tools: 40, tokens: 5_000 + estimateTokens(PROMPT) });
  });

  it('takes a set for too large only when it is near the limit', () => {
    const room = new ToolCapacity(LIMITS);
    expect(room.mayExceed({ tools: 1, tokens: 4_000 })).toBe(false);
    expect(room.mayExceed({ tools: 1, tokens: 6_000 })).toBe(true);
    room.instructions = PROMPT.repeat(4);
    expect(room.mayExceed({ tools: 1, tokens: 4_000 })).toBe(true);
  });
});

it('every model has limits, also one that is not in the table', () => {
  for (const name of ['gpt-realtime', 'gpt-realtime-2.1', 'some-model'])
    expect(modelLimits(name)).toEqual({ tools: 128, tokens: 16_384 });
});
