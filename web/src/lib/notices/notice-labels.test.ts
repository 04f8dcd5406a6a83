import { describe, expect, it } from 'vitest';
import { noticeWords } from './notice-labels.ts';

const words = (kind: Parameters<typeof noticeWords>[0]['kind'], details: Record<string, unknown> = {}) =>
  noticeWords({ kind, details, server_name: 'Notes' });

describe('what a notice says', () => {
  it('names the server and why', () => {
    expect(words('down', { error_code: 'connection_refused', error_message: null })).toEqual({
      tone: 'bad',
      title: 'Notes is down',
      detail: 'The server refused the connection.',
    });
    expect(words('needs_auth', { error_code: 'unauthorized' }).title).toBe(
      'Notes does not accept its credential',
    );
    expect(words('needs_auth', { error_code: 'sign_in_required' })).toEqual({
      tone: 'warn',
      title: 'Notes needs a sign-in',
      detail: 'This server needs you to sign in.',
    });
  });

  it('tells how long an outage was', () => {
    const back = (ended_at: string) => words('back', { started_at: '2026-11-22T12:00:00Z', ended_at }).detail;
    expect(back('2026-11-22T12:00:10Z')).toBe('It was away for 1 min.');
    expect(back('2026-11-22T12:42:00+00:00')).toBe('It was away for 42 min.');
    expect(back('2026-11-22T15:05:00Z')).toBe('It was away for 3 h 5 min.');
    expect(words('back').detail).toBe('');
  });

  it('lists what became of tools', () => {
    const detail = words('tools_changed', { added: ['a', 'b'], changed: [], removed: ['c'] }).detail;
    expect(detail).toBe('New: a, b. Gone: c.');
  });

  it('names the day on which a certificate ends', () => {
    expect(words('certificate', { expires_at: '2026-12-01T10:00:00.000Z' }).detail).toBe(
      'It is valid until 2026-12-01.',
    );
  });

  it('names both addresses to those whose credential was for the old one', () => {
    const urls = { old_url: 'https://host.example/a', new_url: 'https://host.example/b' };
    expect(words('credential_held', { credential: 'key', ...urls })).toEqual({
      tone: 'warn',
      title: 'Confirm the new address of Notes',
      detail:
        'Its address changed from https://host.example/a to https://host.example/b. The key that you entered is not used there until you confirm the address.',
    });
    expect(words('credential_dropped', { credential: 'sign_in', ...urls }).title).toBe(
      'Sign in to Notes again',
    );
    expect(words('credential_dropped', { credential: 'key' }).detail).toBe(
      'The settings of the server changed. Patchbay dropped the key that you entered.',
    );
  });

  it('says that the webhook of the workspace is paused, without a server', () => {
    expect(words('webhook_paused').title).toBe('The webhook is paused');
  });

  it('has words for each kind', () => {
    for (const kind of ['down', 'needs_auth', 'back', 'unstable', 'tools_changed', 'certificate'] as const)
      expect(words(kind).title).toContain('Notes');
  });
});
