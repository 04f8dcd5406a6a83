import { AppError } from '@patchbay/shared/contract/errors';
import type { CallResult } from '@patchbay/shared/engine/calls/result';
import { describe, expect, it, vi } from 'vitest';
import type { ServerLink } from '../servers/server-link.ts';
import { storedTool } from '../testing/snapshot.ts';
import { done, tool, up, voiceTool } from '../testing/voice-tool.ts';
import type { VoiceToolContext } from './voice-tool.ts';

describe('a tool of the voice model', () => {
  it('calls and records the tool without the nulls of optional arguments', async () => {
    const given: unknown[] = [];
    const { execute, calls } = voiceTool(async (_name, args) => {
      given.push(args);
      return done;
    });
    await execute({ text: 'milk', folder: null });
    expect(given).toEqual([{ text: 'milk' }]);
    expect(calls).toMatchObject([{ arguments: { text: 'milk' } }]);
  });

  it('returns what to say, reports the call to the room, and records its arguments redacted', async () => {
    const { execute, activity, calls } = voiceTool(async (_name, _args, { onDequeued }) => {
      onDequeued?.(7.4);
      return done;
    });
    expect(await execute({ text: 'milk', password: 'x' })).toBe('<data>Written.</data>');
    expect(activity.map((message) => 'phase' in message && message.phase)).toEqual(['started', 'finished']);
    expect(calls).toEqual([
      expect.objectContaining({
        session_id: 's1',
        server_id: 'n',
        tool_name: 'add_note',
        arguments: { text: 'milk', password: '[redacted]' },
        outcome: 'ok',
        queue_ms: 7,
        result_bytes: 7,
      }),
    ]);
  });

  it("reports the server's progress between the start and the end of the call", async () => {
    const { execute, activity } = voiceTool(async (_name, _args, { onProgress }) => {
      onProgress?.({ progress: 3, total: 10, message: '7 pages left' });
      return done;
    });
    await execute();
    const [started, progress, finished] = activity;
    expect(progress).toEqual({
      type: 'tool_progress',
      id: started?.type === 'tool_call' ? started.id : '',
      progress: 3,
      total: 10,
      message: '7 pages left',
    });
    expect(finished).toMatchObject({ type: 'tool_call', phase: 'finished' });
  });

  it('shows content for the user on the page but does not give it to the model', async () => {
    const shown: object[] = [];
    const raw = {
      content: [{ type: 'text' as const, text: 'Code 7.', annotations: { audience: ['user' as const] } }],
    };
    const call = async () => ({ ...done, speech: 'Shown on the page.', text: 'Code 7.', raw });
    const { execute } = voiceTool(call, { onCall: (_record, details) => shown.push(details) });
    expect(await execute()).toBe('<data>Shown on the page.</data>');
    expect(shown).toEqual([{ result: 'Code 7.', for_user: true }]);
  });

  it('shows structured content on the page that the text lacks', async () => {
    const shown: object[] = [];
    const call = async () => ({ ...done, structured: { n: 7 } });
    await voiceTool(call, { onCall: (_record, details) => shown.push(details) }).execute();
    expect(shown).toEqual([{ result: 'Written.\n{"n":7}' }]);
  });

  it('notes how long the tool took, unless the result came from the cache', async () => {
    let now = 0;
    const took = (cached?: CallResult['cached']) =>
      voiceTool(
        async () => {
          now += 3_000;
          return cached ? { ...done, cached } : done;
        },
        { now: () => now },
      );
    const fresh = took();
    await fresh.execute();
    expect(fresh.latencies.usualMs(tool)).toBe(3_000);
    const kept = took({ ageMs: 1, isStale: false });
    await kept.execute();
    expect(kept.latencies.usualMs(tool)).toBe(null);
  });

  it.each<[string, ReturnType<VoiceToolContext['linkOf']>, string, object]>([
    [
      'its server was removed',
      undefined,
      'The notes server was removed from this conversation.',
      { outcome: 'refused', error_code: 'tool_not_found' },
    ],
    [
      'its server no longer offers it',
      { ...up, call: async () => done, liveTools: [] },
      'The tool add_note is no longer available.',
      { outcome: 'refused', error_code: 'tool_not_found' },
    ],
    [
      'the user switched it off',
      { ...up, call: async () => done, liveTools: [storedTool('add_note')] },
      'The tool add_note is disabled.',
      { outcome: 'refused', error_code: 'tool_disabled' },
    ],
    [
      'its server has been offline for too long',
      { ...up, call: async () => done, isWithdrawn: true, outage: new AppError('connection_refused') },
      "The notes server isn't running right now.",
      { outcome: 'unavailable', error_code: 'connection_refused' },
    ],
  ])('is refused when %s before the model called it', async (_why, link, sentence, record) => {
    const { execute, calls, activity } = voiceTool(async () => done, {
      currentOf: () => 'removed',
      linkOf: () => link,
    });
    await expect(execute()).rejects.toThrow(sentence);
    expect(calls[0]).toMatchObject(record);
    expect(activity.at(-1)).toMatchObject(record);
  });

  it('is not called for a user whose role no longer allows it', async () => {
    const call = vi.fn(async () => done);
    const { execute, calls } = voiceTool(call, { currentOf: () => 'forbidden' });
    await expect(execute()).rejects.toThrow(
      "The tool add_note isn't available to your role in this workspace, which allows only read-only tools.",
    );
    expect(call).not.toHaveBeenCalled();
    expect(calls[0]).toMatchObject({ outcome: 'refused', error_code: 'role_too_low' });
  });

  it.each([true, false])(
    'is repeatable by its current hints, not by those that the model got: %s',
    async (repeatable) => {
      const call = vi.fn<ServerLink['call']>(async () => done);
      const { execute } = voiceTool(call, { currentOf: (own) => ({ ...own, repeatable }) });
      await execute();
      expect(call.mock.calls[0]?.[2]).toMatchObject({ repeatable });
    },
  );
});
