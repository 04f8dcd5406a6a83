import { expect, it } from 'vitest';
import { ToolUsage } from './tool-usage.ts';

it('tells tools of this conversation from those that earlier ones called, by server', () => {
  const usage = new ToolUsage();
  usage.note({ serverId: 'a', toolName: 'list' });
  usage.remember([
    { server_id: 'a', tool_name: 'list', durations_ms: [1] },
    { server_id: 'b', tool_name: 'list', durations_ms: [1, 2] },
  ]);
  expect(usage.of({ serverId: 'a', toolName: 'list' })).toEqual({ isInUse: true, isRecent: true });
  expect(usage.of({ serverId: 'b', toolName: 'list' })).toEqual({ isInUse: false, isRecent: true });
  expect(usage.of({ serverId: 'b', toolName: 'add' })).toEqual({ isInUse: false, isRecent: false });
});
