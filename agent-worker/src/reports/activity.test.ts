import { ToolsActivity } from '@patchbay/shared/contract/schema/activity';
import { expect, it } from 'vitest';
import { toolsActivity } from './activity.ts';
import { modelTool } from '@patchbay/livekit/testing/model-tool';
import { ToolFit } from '@patchbay/livekit/tools/tool-fit';
import { definitionKey } from '@patchbay/livekit/tools/tool-set';

it('a set of tools is reported with what each server uses of the budget and what does not fit', () => {
  const bad = modelTool('notes__bad', { serverId: 'n', tokens: 30 });
  const wish = {
    tools: [
      modelTool('clock__now', { serverId: 'c', tokens: 100 }),
      modelTool('notes__add', { serverId: 'n', tokens: 200 }),
      modelTool('notes__list', { serverId: 'n', tokens: 250 }),
      bad,
    ],
    leftOut: [],
    servers: [
      { id: 'c', name: 'clock' },
      { id: 'n', name: 'notes' },
    ],
  };
  const budget = { tools: 10, tokens: 400 };
  const set = new ToolFit().fit(wish, { budget, rejected: new Map([[definitionKey(bad), 'No.']]) });
  const activity = ToolsActivity.parse(toolsActivity(set, budget, 'start', true));
  expect(activity.budget).toEqual({
    ...budget,
    servers: [
      { server_id: 'c', tools: 1, tokens: 100, left_out: 0, left_out_tokens: 0 },
      { server_id: 'n', tools: 1, tokens: 200, left_out: 1, left_out_tokens: 250 },
    ],
  });
  expect(activity.left_out?.map(({ reason }) => reason)).toEqual(['limit', 'refused']);
});
