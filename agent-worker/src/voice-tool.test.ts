import type { llm } from '@livekit/agents';
import { AppError, type ErrorCode } from '@patchbay/shared/errors';
import type { CallResult } from '@patchbay/shared/mcp/result';
import type { Activity } from '@patchbay/shared/schema/activity';
import { describe, expect, it } from 'vitest';
import type { RecordedCall } from './database.ts';
import type { ServerLink } from './server-link.ts';
import type { ModelTool } from './tool-set.ts';
import { type VoiceToolContext, createVoiceTool } from './voice-tool.ts';

const tool: ModelTool = {
  name: 'notes__add_note',
  description: 'Writes down',
  parameters: { type: 'object', properties: {} },
  serverId: 'n',
  serverName: 'notes',
  toolName: 'add_note',
  repeatable: false,
};
const done: CallResult = {
  isError: false,
  speech: 'Written.',
  text: 'Written.',
  raw: { content: [] },
  truncated: false,
};

function voiceTool(call: ServerLink['call'], context: Partial<VoiceToolContext> = {}) {
  const activity: Activity[] = [];
  const calls: RecordedCall[] = [];
  const faults: AppError[] = [];
  const made = createVoiceTool(tool, {
    sessionId: 's1',
    isCurrent: () => true,
    linkOf: () => ({ call }),
    onActivity: (message) => activity.push(message),
    onCall: (record) => calls.push(record),
    onFault: (_tool, error) => faults.push(error),
    now: () => 1_000,
    ...context,
  });
  // The framework hands over more; a tool of ours uses nothing else.
  const options = { abortSignal: new AbortController().signal } as llm.ToolOptions;
  const execute = (args: Record<string, unknown> = {}) => made.execute(args, options) as Promise<string>;
  return { execute, activity, calls, faults };
}

const failing = (code: ErrorCode) => voiceTool(() => Promise.reject(new AppError(code)));

describe('a tool of the voice model', () => {
  it('answers with words to speak, shows itself, and is recorded with its arguments redacted', async () => {
    const { execute, activity, calls } = voiceTool(async (_name, _args, { onDequeued }) => {
      onDequeued?.(7.4);
      return done;
    });
    expect(await execute({ text: 'milk', password: 'x' })).toBe('Written.');
    expect(activity.map((message) => 'phase' in message && message.phase)).toEqual(['started', 'finished']);
    expect(calls).toEqual([
      expect.objectContaining({
        session_id: 's1',
        server_id: 'n',
        tool_name: 'add_note',
        arguments: { text: 'milk', password: '[redacted]' },
        outcome: 'ok',
        queue_ms: 7,
      }),
    ]);
  });

  it('says how old an answer is that stands in for a server that fails', async () => {
    const { execute } = voiceTool(async () => ({ ...done, cached: { ageMs: 180_000, isStale: true } }));
    expect(await execute()).toMatch(/^Written\.\n.*3 minutes old/);
    const fresh = voiceTool(async () => ({ ...done, cached: { ageMs: 180_000, isStale: false } }));
    expect(await fresh.execute()).toBe('Written.');
  });

  it.each<[ErrorCode, string, string]>([
    ['connection_refused', 'The notes server is not running right now.', 'unavailable'],
    ['timeout', 'The notes server did not answer in time.', 'timeout'],
    ['credential_missing', 'The notes server needs a key that is not set.', 'unavailable'],
    ['tool_disabled', 'The tool add_note is switched off.', 'refused'],
    ['cancelled', 'The call was cancelled.', 'cancelled'],
  ])('turns %s into a sentence that can be said', async (code, sentence, outcome) => {
    const { execute, calls } = failing(code);
    await expect(execute()).rejects.toThrow(sentence);
    expect(calls[0]).toMatchObject({ outcome, error_code: code });
  });

  it('tells the model what a tool says about its own failure', async () => {
    const { execute, calls } = voiceTool(async () => ({
      ...done,
      isError: true,
      speech: 'The notebook is full.',
    }));
    await expect(execute()).rejects.toThrow('The notebook is full.');
    expect(calls[0]).toMatchObject({ outcome: 'tool_error', error_code: null });
  });

  it('is refused when its server left while the model was still asking', async () => {
    for (const gone of [{ isCurrent: () => false }, { linkOf: () => undefined }]) {
      const { execute, calls } = voiceTool(async () => done, gone);
      await expect(execute()).rejects.toThrow('The notes server was removed from this conversation.');
      expect(calls[0]).toMatchObject({ outcome: 'refused', error_code: 'tool_not_found' });
    }
  });

  it('says nothing of an error of our own to the model, and all of it to the log', async () => {
    const { execute, faults } = voiceTool(() => Promise.reject(new TypeError('secret detail')));
    await expect(execute()).rejects.toThrow('The notes server cannot be used right now.');
    expect(faults[0]?.cause).toBeInstanceOf(TypeError);
  });
});
