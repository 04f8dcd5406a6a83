import { describe, expect, it } from 'vitest';
import { ToolLatencies } from './tool-latencies.ts';

const tool = { serverId: 'a8f6c6d2-6d5c-4e0e-9d2c-0f8f2f3f9d11', toolName: 'countdown' };
const earlier = [{ server_id: tool.serverId, tool_name: tool.toolName, durations_ms: [4_000, 5_000] }];

describe('ToolLatencies', () => {
  it('knows a slow tool from earlier conversations', () => {
    const latencies = new ToolLatencies();
    expect(latencies.usualMs(tool)).toBe(null);
    latencies.remember(earlier);
    expect(latencies.usualMs(tool)).toBe(5_000);
    expect(latencies.usualMs({ ...tool, serverId: '0c3b7a52-54a2-44b5-8a3a-93c0a7d6d0aa' })).toBe(null);
  });

  it('counts the calls of this conversation as newer, also when earlier ones are added later', () => {
    const latencies = new ToolLatencies();
    for (const ms of [10, 11, 12, 13]) latencies.note(tool, ms);
    latencies.remember(earlier);
    expect(latencies.usualMs(tool)).toBe(12);
  });
});
