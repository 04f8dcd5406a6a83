import { describe, expect, it } from 'vitest';
import { findRejectedTools } from './rejected-tools.ts';
import type { Rejected, RejectionCause } from '../model/voice-model.ts';
import { modelTool } from '../testing/model-tool.ts';

const TOOLS = ['a', 'b', 'c', 'd'].map((name) => modelTool(name));

const rejected = (cause: RejectionCause, toolIndex: number | null = null): Rejected => ({
  outcome: 'rejected',
  cause,
  message: 'No.',
  toolIndex,
});

/** A search in which the model takes `most` tools, and rejects larger sets for this cause. */
const search = (cause: RejectionCause, most: number, first = rejected('unknown')) =>
  findRejectedTools(TOOLS, first, {
    isTrusted: () => false,
    isOutdated: () => false,
    push: async ({ length }) => (length > most ? rejected(cause) : { outcome: 'acknowledged' }),
  });

describe('a rejection that no tool causes, in the middle of a search', () => {
  it.each<[RejectionCause, 'stopped' | 'too_large']>([
    ['temporary', 'stopped'],
    ['too_many_tokens', 'too_large'],
    ['too_many_tools', 'too_large'],
  ])('%s blames no tool: the search is %s', async (cause, outcome) => {
    expect(await search(cause, 0)).toMatchObject({ outcome, rejected: [] });
    expect(await search(cause, 1)).toMatchObject({ outcome, rejected: [] });
    const named = await search(cause, 0, rejected('definition', 1));
    expect(named).toMatchObject({ outcome, rejected: [{ tool: { name: 'b' } }] });
  });
});
