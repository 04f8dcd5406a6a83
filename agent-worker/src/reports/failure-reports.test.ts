import type { Activity } from '@patchbay/shared/contract/schema/activity';
import { describe, expect, it } from 'vitest';
import { FailureReports } from './failure-reports.ts';

function reporting() {
  const sent: Activity[] = [];
  const said: (string | null)[] = [];
  const ends: string[] = [];
  const lines: unknown[] = [];
  const reports = new FailureReports({
    feed: { send: (activity) => void sent.push(activity) },
    scheduler: () => ({ turnFailed: (sentence) => void said.push(sentence) }),
    log: {
      info: () => {},
      warn: (fields: unknown) => void lines.push(fields),
      error: (fields: unknown) => void lines.push(fields),
    },
    end: (reason) => void ends.push(reason),
  });
  return { reports, sent, said, ends, lines };
}

describe('a failure of the voice model', () => {
  it('for good ends the conversation with its code, which the log has as well', () => {
    const { reports, said, ends, lines } = reporting();
    reports.onFatal({ kind: 'quota_exhausted', facts: { status: 429, code: 'insufficient_quota' } });
    expect(ends).toEqual(['model_quota']);
    expect(lines).toEqual([{ code: 'model_quota', cause: { status: 429, code: 'insufficient_quota' } }]);
    expect(said).toEqual([]);
  });

  it('of one turn is said in a sentence, and shown in the page', () => {
    const { reports, sent, said, ends } = reporting();
    reports.onUnanswered({ kind: 'server_error', facts: {} });
    expect(sent).toEqual([{ type: 'unanswered', reason: 'server_error' }]);
    expect(said).toEqual(["Something went wrong, and I couldn't answer. Please ask me again."]);
    expect(ends).toEqual([]);
  });

  it('of one turn is only shown when the model says nothing at all', () => {
    const { reports, sent, said } = reporting();
    reports.onUnanswered({ kind: 'no_answer', facts: {} });
    expect(sent).toEqual([{ type: 'unanswered', reason: 'no_answer' }]);
    expect(said).toEqual([null]);
  });

  it('to connect is shown once, until it is connected again', () => {
    const { reports, sent } = reporting();
    reports.onConnected();
    reports.onDisconnected({ kind: 'connection_lost', facts: {} });
    reports.onDisconnected({ kind: 'connection_lost', facts: {} });
    reports.onConnected();
    expect(sent).toEqual([
      { type: 'model', state: 'reconnecting' },
      { type: 'model', state: 'connected' },
    ]);
  });
});
