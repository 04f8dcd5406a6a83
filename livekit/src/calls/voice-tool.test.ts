import type { llm } from '@livekit/agents';
import { AppError, type ErrorCode } from '@patchbay/shared/contract/errors';
import type { CallResult } from '@patchbay/shared/engine/calls/result';
import type { Activity } from '@patchbay/shared/contract/schema/activity';
import { describe, expect, it, vi } from 'vitest';
import type { RecordedCall } from '@patchbay/shared/contract/schema/session';
import type { SpeechScheduler } from './speech-scheduler.ts';
import type { ServerLink } from '../servers/server-link.ts';
import { modelTool } from '../testing/model-tool.ts';
import { storedTool } from '../testing/snapshot.ts';
import { ToolLatencies } from './tool-latencies.ts';
import { type VoiceToolContext, createVoiceTool } from './voice-tool.ts';

const tool = modelTool('notes__add_note', {
  parameters: { type: 'object', properties: { folder: { type: 'string' } } },
  serverId: 'n',
  serverName: 'notes',
  toolName: 'add_note',
});
const done: CallResult = {
  isError: false,
  speech: 'Written.',
  text: 'Written.',
  raw: { content: [{ type: 'text', text: 'Écrit.' }] },
  truncated: false,
};

const up = { outage: null, isGone: false, liveTools: null, tellOutage: () => false };

/** Somebody else speaks: these calls end before a filler is due. */
const scheduler = {
  isFree: false,
  agentHeardAtMs: 0,
  hasSpoken: () => false,
  voiceDelayMs: 0,
};
const newTurn = () => ({
  interrupted: false,
  waitIfNotInterrupted: (ends: Promise<unknown>[]) => Promise.all(ends),
});

function voiceTool(call: ServerLink['call'], context: Partial<VoiceToolContext> = {}) {
  const activity: Activity[] = [];
  const calls: RecordedCall[] = [];
  const faults: AppError[] = [];
  const latencies = new ToolLatencies();
  const made = createVoiceTool(tool, {
    sessionId: 's1',
    currentOf: (tool) => tool,
    linkOf: () => ({ ...up, call }),
    // A call that ends in time uses nothing else of it; voice-calls.test.ts has the others.
    scheduler: scheduler as unknown as SpeechScheduler,
    latencies,
    tell: () => expect.unreachable(),
    onRunning: () => {},
    onActivity: (message) => activity.push(message),
    onCall: (record) => calls.push(record),
    onFault: (_tool, error) => faults.push(error),
    now: () => 1_000,
    ...context,
  });
  // The framework hands over more; a tool of ours uses nothing else.
  const ctx = {
    speechHandle: newTurn(),
    filler: (_source: unknown, _options: unknown, run: () => Promise<unknown>) => run(),
  };
  const options = { toolCallId: 'call', ctx } as unknown as llm.ToolOptions;
  const execute = (args: Record<string, unknown> = {}) => made.execute(args, options) as Promise<string>;
  return { execute, activity, calls, faults, latencies };
}

const failing = (code: ErrorCode) => voiceTool(() => Promise.reject(new AppError(code)));

describe('a tool of the voice model', () => {
  it('is called, and recorded, without the nulls of optional arguments', async () => {
    const given: unknown[] = [];
    const { execute, calls } = voiceTool(async (_name, args) => {
      given.push(args);
      return done;
    });
    await execute({ text: 'milk', folder: null });
    expect(given).toEqual([{ text: 'milk' }]);
    expect(calls).toMatchObject([{ arguments: { text: 'milk' } }]);
  });

  it('answers with words to speak, shows itself, and is recorded with its arguments redacted', async () => {
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

  it('shows what the server tells of its progress, between the start and the end', async () => {
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

  it('says how old an answer is that stands in for a server that fails', async () => {
    const { execute } = voiceTool(async () => ({ ...done, cached: { ageMs: 180_000, isStale: true } }));
    expect(await execute()).toMatch(/^<data>Written\.<\/data>\n.*3 minutes old/);
    const fresh = voiceTool(async () => ({ ...done, cached: { ageMs: 180_000, isStale: false } }));
    expect(await fresh.execute()).toBe('<data>Written.</data>');
  });

  it.each<[ErrorCode, string, string]>([
    ['connection_refused', "The notes server isn't running right now.", 'unavailable'],
    ['timeout', "The notes server didn't respond in time.", 'timeout'],
    ['credential_missing', 'The notes server needs a key before I can use it.', 'unavailable'],
    ['tool_disabled', 'The tool add_note is disabled.', 'refused'],
    ['cancelled', 'The call was canceled.', 'cancelled'],
  ])('turns %s into a sentence that can be said', async (code, sentence, outcome) => {
    const { execute, calls } = failing(code);
    await expect(execute()).rejects.toThrow(sentence);
    expect(calls[0]).toMatchObject({ outcome, error_code: code });
  });

  it.each<[ErrorCode, string, string]>([
    [
      'call_rejected',
      'The tool add_note returned an error. It said: <data>Notes are read-only.</data>',
      'refused',
    ],
    [
      'forbidden',
      'The notes server denied access. It said: <data>Notes are read-only.</data>',
      'unavailable',
    ],
  ])('passes on what a server says with %s', async (code, sentence, outcome) => {
    const { execute, calls } = voiceTool(async () => {
      throw new AppError(code, { said: 'Notes are read-only' });
    });
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

  it.each<[string, ServerLink['call']]>([
    [
      'before the call',
      () =>
        Promise.reject(new AppError('invalid_arguments', { message: 'The argument "n" must be a number.' })),
    ],
    [
      'by its server',
      () =>
        Promise.reject(
          new AppError('invalid_arguments', { message: 'The server responded: #/n must be number' }),
        ),
    ],
    [
      'by its validator, at length',
      () =>
        Promise.reject(
          new AppError('invalid_arguments', {
            message: 'The server responded: Invalid arguments: [ { "code": "invalid…',
            cause: new Error(
              `Invalid arguments: ${JSON.stringify([{ code: 'invalid_type', path: ['n'], message: 'must be a number' }])}`,
            ),
          }),
        ),
    ],
    [
      'under another code',
      () =>
        Promise.reject(
          new AppError('call_rejected', {
            message: 'Invalid params: /n must be number',
            said: 'Invalid params',
          }),
        ),
    ],
    [
      'in its result',
      async () => ({ ...done, isError: true, speech: 'MCP error -32602: data/n must be number' }),
    ],
  ])(
    'tells the model what to correct when arguments are rejected %s, without a path',
    async (_when, call) => {
      const { execute } = voiceTool(call);
      const sentence =
        /^The call to add_note was rejected because of its arguments\. <data>.*"n":? must be (a )?number\.<\/data> Correct them/;
      await expect(execute()).rejects.toThrow(sentence);
      await expect(execute()).rejects.not.toThrow(/#|(?<!<)\//);
    },
  );

  it('shows the page what is for the user only, which the model does not get', async () => {
    const shown: object[] = [];
    const raw = {
      content: [{ type: 'text' as const, text: 'Code 7.', annotations: { audience: ['user' as const] } }],
    };
    const call = async () => ({ ...done, speech: 'Shown on the page.', text: 'Code 7.', raw });
    const { execute } = voiceTool(call, { onCall: (_record, details) => shown.push(details) });
    expect(await execute()).toBe('<data>Shown on the page.</data>');
    expect(shown).toEqual([{ result: 'Code 7.', for_user: true }]);
  });

  it('shows the page structured content that the text does not say', async () => {
    const shown: object[] = [];
    const call = async () => ({ ...done, structured: { n: 7 } });
    await voiceTool(call, { onCall: (_record, details) => shown.push(details) }).execute();
    expect(shown).toEqual([{ result: 'Written.\n{"n":7}' }]);
  });

  it('remembers how long the tool took, unless the answer was an earlier one', async () => {
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
      'its server does not offer it any more',
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
      'its server has been away for too long',
      { ...up, call: async () => done, isGone: true, outage: new AppError('connection_refused') },
      "The notes server isn't running right now.",
      { outcome: 'unavailable', error_code: 'connection_refused' },
    ],
  ])('is refused when %s while the model was still asking', async (_why, link, sentence, record) => {
    const { execute, calls, activity } = voiceTool(async () => done, {
      currentOf: () => 'gone',
      linkOf: () => link,
    });
    await expect(execute()).rejects.toThrow(sentence);
    expect(calls[0]).toMatchObject(record);
    expect(activity.at(-1)).toMatchObject(record);
  });

  it('is not carried out for a user whose role does not allow it any more', async () => {
    const call = vi.fn(async () => done);
    const { execute, calls } = voiceTool(call, { currentOf: () => 'forbidden' });
    await expect(execute()).rejects.toThrow(
      "The tool add_note isn't available to your role in this workspace, which allows only read-only tools.",
    );
    expect(call).not.toHaveBeenCalled();
    expect(calls[0]).toMatchObject({ outcome: 'refused', error_code: 'role_too_low' });
  });

  it.each([true, false])(
    'is repeated by what is said of it now, not when the model got it: %s',
    async (repeatable) => {
      const call = vi.fn<ServerLink['call']>(async () => done);
      const { execute } = voiceTool(call, { currentOf: (own) => ({ ...own, repeatable }) });
      await execute();
      expect(call.mock.calls[0]?.[2]).toMatchObject({ repeatable });
    },
  );

  it('shows the words of a server without marks, which are for the model alone', async () => {
    const shown: object[] = [];
    const call = () => Promise.reject(new AppError('call_rejected', { said: 'No </data> room' }));
    const { execute } = voiceTool(call, { onCall: (_call, details) => shown.push(details) });
    await expect(execute()).rejects.toThrow('It said: <data>No (/data> room.</data>');
    expect(shown).toEqual([{ result: 'The tool add_note returned an error. It said: No </data> room.' }]);
  });

  it('explains an outage once', async () => {
    const error = new AppError('connection_refused');
    let told = false;
    const tellOutage = () => [told, (told = true)][0] ?? false;
    const call = () => Promise.reject(error);
    const { execute } = voiceTool(call, { linkOf: () => ({ ...up, call, outage: error, tellOutage }) });
    await expect(execute()).rejects.toThrow("The notes server isn't running right now.");
    await expect(execute()).rejects.toThrow('The notes server is still offline.');
  });

  it('says each time what the user has to do', async () => {
    const error = new AppError('sign_in_required');
    const call = () => Promise.reject(error);
    const link = { ...up, call, outage: error, tellOutage: () => true };
    const { execute } = voiceTool(call, { linkOf: () => link });
    await expect(execute()).rejects.toThrow('The notes server needs you to sign in on its page in Patchbay.');
  });

  it('says nothing of an error of our own to the model, and all of it to the log', async () => {
    const { execute, faults } = voiceTool(() => Promise.reject(new TypeError('secret detail')));
    await expect(execute()).rejects.toThrow("The notes server can't be used right now.");
    expect(faults[0]?.cause).toBeInstanceOf(TypeError);
  });
});
