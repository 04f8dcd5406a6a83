import { describe, expect, it } from 'vitest';
import { hostOf, serverState } from './state-labels.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const connected = {
  is_active: true,
  connection_status: 'connected',
  error_code: null,
  error_message: null,
  status_observed_at: '2026-11-22T11:59:48Z',
  config_version: 2,
  status_config_version: 2,
} as const;

describe('serverState', () => {
  it('says when a connected server was checked', () => {
    expect(serverState(connected, now)).toMatchObject({
      tone: 'ok',
      word: 'Connected',
      reason: 'Checked 12 seconds ago',
    });
  });

  it('says when a status is older than the configuration', () => {
    expect(serverState({ ...connected, status_config_version: 1 }, now).reason).toBe(
      'Not checked since the last change',
    );
  });

  it('gives a reason and a hint when a server is offline', () => {
    const state = serverState(
      { ...connected, connection_status: 'error', error_code: 'connection_refused' },
      now,
    );
    expect(state).toMatchObject({
      tone: 'bad',
      word: 'Offline',
      reason: 'The server refused the connection.',
    });
    expect(state.hint).toContain('port');
  });

  it('distinguishes a wrong key from an offline server', () => {
    const state = serverState(
      { ...connected, connection_status: 'needs_auth', error_code: 'unauthorized' },
      now,
    );
    expect(state).toMatchObject({ tone: 'warn', word: 'Needs sign-in' });
  });

  it('is disabled, whatever the last status was', () => {
    expect(serverState({ ...connected, is_active: false }, now)).toMatchObject({
      tone: 'off',
      word: 'Disabled',
    });
  });

  it('does not call an unchecked server disconnected', () => {
    const fresh = { ...connected, connection_status: 'disconnected', status_observed_at: null } as const;
    expect(serverState(fresh, now).word).toBe('Not checked yet');
  });
});

describe('hostOf', () => {
  it('keeps the port, and returns invalid URLs unchanged', () => {
    expect([hostOf('http://127.0.0.1:4111/mcp'), hostOf('nonsense')]).toEqual(['127.0.0.1:4111', 'nonsense']);
  });
});
