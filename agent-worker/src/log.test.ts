import { initializeLogger, log } from '@livekit/agents';
import { describe, expect, it } from 'vitest';
import { installLog, withoutPersonal } from './log.ts';

describe('the log', () => {
  it('leaves out what the framework marks as personal', () => {
    expect(withoutPersonal({ function: 'notes__add', 'lk.pii.arguments': { text: 'secret' } })).toEqual({
      function: 'notes__add',
    });
  });

  it('is the one that the framework writes to', () => {
    initializeLogger({ pretty: false, level: 'silent' });
    expect(installLog({ session: 's1' })).toBe(log());
  });
});
