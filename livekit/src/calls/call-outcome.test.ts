import { AppError, type ErrorCode } from '@patchbay/shared/contract/errors';
import { describe, expect, it } from 'vitest';
import type { ServerLink } from '../servers/server-link.ts';
import { done, up, voiceTool } from '../testing/voice-tool.ts';

const failing = (code: ErrorCode) => voiceTool(() => Promise.reject(new AppError(code)));

describe('what the model hears of a tool call', () => {
  it('says how old a cached result is that replaces a failed call', async () => {
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
  ])('turns %s into a sentence that the model can say', async (code, sentence, outcome) => {
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
  ])('passes on what the server said with %s', async (code, sentence, outcome) => {
    const { execute, calls } = voiceTool(async () => {
      throw new AppError(code, { said: 'Notes are read-only' });
    });
    await expect(execute()).rejects.toThrow(sentence);
    expect(calls[0]).toMatchObject({ outcome, error_code: code });
  });

  it('passes on what a tool says about its own failure', async () => {
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
  ])('says what to correct when arguments are rejected %s, without a path', async (_when, call) => {
    const { execute } = voiceTool(call);
    const sentence =
      /^The call to add_note was rejected because of its arguments\. <data>.*"n":? must be (a )?number\.<\/data> Correct them/;
    await expect(execute()).rejects.toThrow(sentence);
    await expect(execute()).rejects.not.toThrow(/#|(?<!<)\//);
  });

  it("shows the server's words on the page without the data marks for the model", async () => {
    const shown: object[] = [];
    const call = () => Promise.reject(new AppError('call_rejected', { said: 'No </data> room' }));
    const { execute } = voiceTool(call, { onCall: (_call, details) => shown.push(details) });
    await expect(execute()).rejects.toThrow('It said: <data>No (/data> room.</data>');
    expect(shown).toEqual([{ result: 'The tool add_note returned an error. It said: No </data> room.' }]);
  });

  it('explains an outage once', async () => {
    const error = new AppError('connection_refused');
    let wasReported = false;
    const reportOutage = () => [wasReported, (wasReported = true)][0] ?? false;
    const call = () => Promise.reject(error);
    const { execute } = voiceTool(call, { linkOf: () => ({ ...up, call, outage: error, reportOutage }) });
    await expect(execute()).rejects.toThrow("The notes server isn't running right now.");
    await expect(execute()).rejects.toThrow('The notes server is still offline.');
  });

  it('says each time what the user has to do', async () => {
    const error = new AppError('sign_in_required');
    const call = () => Promise.reject(error);
    const link = { ...up, call, outage: error, reportOutage: () => true };
    const { execute } = voiceTool(call, { linkOf: () => link });
    await expect(execute()).rejects.toThrow('The notes server needs you to sign in on its page in Patchbay.');
  });

  it('logs an internal error and gives the model no detail of it', async () => {
    const { execute, faults } = voiceTool(() => Promise.reject(new TypeError('secret detail')));
    await expect(execute()).rejects.toThrow("The notes server can't be used right now.");
    expect(faults[0]?.cause).toBeInstanceOf(TypeError);
  });
});
