import type { llm } from '@livekit/agents';
import type { CallResult } from '@patchbay/shared/engine/calls/result';
import type { Activity } from '@patchbay/shared/contract/schema/activity';
import { describe, expect, it } from 'vitest';
import { ConversationTools } from './conversation-tools.ts';
import type { PushResult } from '@patchbay/livekit/model/voice-model';
import type { RecordedCall } from '@patchbay/shared/contract/schema/session';
import type { SpeechScheduler } from '@patchbay/livekit/calls/speech-scheduler';
import { modelTool } from '@patchbay/livekit/testing/model-tool';
import { ToolLatencies } from '@patchbay/livekit/calls/tool-latencies';
import { ToolCapacity } from '@patchbay/livekit/tools/tool-capacity';
import { ToolUsage } from '@patchbay/livekit/tools/tool-usage';
import { EMPTY_TOOL_SET, type ModelTool, type ToolSet } from '@patchbay/livekit/tools/tool-set';

const tool = (name: string, serverId = 'n') => modelTool(name, { serverId, serverName: 'notes' });
const setOf = (...tools: ModelTool[]): ToolSet => ({ ...EMPTY_TOOL_SET, tools });

const done: CallResult = {
  isError: false,
  speech: 'Done.',
  text: 'Done.',
  raw: { content: [] },
  truncated: false,
};
// Nothing else of either is touched by a call that ends at once.
const scheduler = {
  isFree: false,
  hasSpoken: () => false,
} as unknown as SpeechScheduler;
const turn = { interrupted: false, waitIfNotInterrupted: (ends: Promise<unknown>[]) => Promise.all(ends) };
const ctx = {
  speechHandle: turn,
  filler: (_source: unknown, _options: unknown, run: () => Promise<unknown>) => run(),
};
const toolOptions = { toolCallId: 'call', ctx } as unknown as llm.ToolOptions;

function conversationTools({ refuses = null }: { refuses?: string | null } = {}) {
  const notices: string[] = [];
  const sent: Activity[] = [];
  const calls: RecordedCall[] = [];
  const remembered: object[] = [];
  const forgotten: unknown[] = [];
  const warnings: unknown[] = [];
  const published = { count: 0 };
  const usage = new ToolUsage();
  const tools = new ConversationTools({
    sessionId: 's1',
    model: {
      pushTools: async (pushed): Promise<PushResult> => {
        const toolIndex = pushed.findIndex((entry) => 'name' in entry && entry.name === refuses);
        if (toolIndex >= 0) return { outcome: 'rejected', cause: 'definition', message: 'no', toolIndex };
        return { outcome: 'acknowledged' };
      },
      notify: (line) => void notices.push(line),
      toBackground: () => {},
    },
    capacity: new ToolCapacity({ tools: 128, tokens: 16_384 }),
    linkOf: () => ({
      outage: null,
      isWithdrawn: false,
      liveTools: null,
      reportOutage: () => false,
      call: async () => done,
    }),
    scheduler,
    idle: { waitFor: () => {} },
    latencies: new ToolLatencies(),
    usage,
    history: { trim: () => void (published.count += 1) },
    memory: { keep: (_call, shown) => void remembered.push(shown) },
    feed: { send: (activity) => void sent.push(activity) },
    reports: { toolCall: (call) => void calls.push(call) },
    log: { info: () => {}, error: () => {}, warn: (fields: unknown) => void warnings.push(fields) },
  });
  tools.cache.forget = (...what) => void forgotten.push(what);
  const offer = async (...offered: ModelTool[]) => {
    const before = published.count;
    tools.offer(setOf(...offered));
    await expect.poll(() => published.count, { interval: 1 }).toBeGreaterThan(before);
  };
  return { tools, offer, notices, sent, calls, remembered, forgotten, warnings };
}

describe('the tools of a conversation', () => {
  it('are shown in the page as they start, and announced to the model only when they change', async () => {
    const { offer, notices, sent } = conversationTools();
    await offer(tool('add'));
    expect(notices).toEqual([]);
    await offer(tool('add'), tool('list'));
    expect(notices).toEqual(['Tools added: list (server notes was added).']);
    expect(sent).toMatchObject([
      { type: 'tools', names: ['add'], reason: 'start', acknowledged: true },
      { type: 'tools', names: ['add', 'list'], acknowledged: true },
    ]);
  });

  it('are all announced to a model that started with none', async () => {
    const { tools, offer, notices } = conversationTools();
    tools.offer(setOf());
    await offer(tool('add'));
    expect(notices).toEqual(['Tools added: add (server notes was added).']);
  });

  it('leave out one that the model rejects, of which the model and the log are notified', async () => {
    const { tools, offer, notices, warnings } = conversationTools({ refuses: 'bad' });
    await offer(tool('add'), tool('bad'));
    expect(tools.current.tools.map(({ name }) => name)).toEqual(['add']);
    expect(notices.join()).toContain('Tools left out: bad');
    expect(warnings).toEqual([{ tool: 'bad', server: 'n', message: 'no' }]);
  });

  it('record, show and remember a call', async () => {
    const { tools, sent, calls, remembered } = conversationTools();
    tools.offer(setOf(tool('add')));
    expect(await tools.toFunctionTool(tool('add')).execute({}, toolOptions)).toBe('<data>Done.</data>');
    expect(calls).toMatchObject([{ session_id: 's1', server_id: 'n', tool_name: 'add', outcome: 'ok' }]);
    expect(remembered).toEqual([{ result: 'Done.' }]);
    const phases = sent.flatMap((activity) => ('phase' in activity ? [activity.phase] : []));
    expect(phases).toEqual(['started', 'finished']);
  });

  it('keep one that was called, when a large server leaves no room for all', async () => {
    const { tools, offer } = conversationTools();
    await offer(tool('add'), tool('list'));
    await tools.toFunctionTool(tool('list')).execute({}, toolOptions);
    const large = Array.from({ length: 200 }, (_, index) => tool(`job${index}`, 'large'));
    await offer({ ...tool('add'), tokens: 9_000 }, { ...tool('list'), tokens: 9_000 }, ...large);
    const names = tools.current.tools.map(({ name }) => name);
    expect(names).toHaveLength(128);
    expect(names).toContain('list');
    expect(names).not.toContain('add');
  });

  it('do not run one that has left, nor one of its name from another server', async () => {
    const { tools, calls } = conversationTools();
    tools.offer(setOf(tool('add', 'other')));
    await expect(tools.toFunctionTool(tool('add')).execute({}, toolOptions)).rejects.toThrow('add');
    expect(calls).not.toMatchObject([{ outcome: 'ok' }]);
  });

  it('forget the cached results of one whose cache time changed', async () => {
    const { tools, forgotten } = conversationTools();
    tools.offer(setOf({ ...tool('add'), cacheTtlMs: 1_000 }, tool('list')));
    tools.offer(setOf({ ...tool('add'), cacheTtlMs: 2_000 }, tool('list')));
    expect(forgotten).toEqual([['n', ['add']]]);
  });
});
