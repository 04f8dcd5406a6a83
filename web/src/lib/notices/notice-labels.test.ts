import { describe, expect, it } from 'vitest';
import { describeNotice } from './notice-labels.ts';

const words = (kind: Parameters<typeof describeNotice>[0]['kind'], details: Record<string, unknown> = {}) =>
  describeNotice({ kind, details, server_name: 'Notes' });

describe('notice labels', () => {
  it('name the server and the cause', () => {
    expect(words('down', { error_code: 'connection_refused', error_message: null })).toEqual({
      tone: 'bad',
      title: 'Notes is down',
      detail: 'The server refused the connection.',
    });
    expect(words('needs_auth', { error_code: 'unauthorized' }).title).toBe('Notes rejected its credential');
    expect(words('needs_auth', { error_code: 'sign_in_required' })).toEqual({
      tone: 'warn',
      title: 'Notes needs you to sign in',
      detail: 'This server needs you to sign in.',
    });
  });

  it('state the length of an outage', () => {
    const back = (ended_at: string) => words('back', { started_at: '2026-11-22T12:00:00Z', ended_at }).detail;
    expect(back('2026-11-22T12:00:10Z')).toBe('Down for 1 min.');
    expect(back('2026-11-22T12:42:00+00:00')).toBe('Down for 42 min.');
    expect(back('2026-11-22T15:05:00Z')).toBe('Down for 3 h 5 min.');
    expect(words('back').detail).toBe('');
  });

  it('list added and removed tools', () => {
    const detail = words('tools_changed', { added: ['a', 'b'], changed: [], removed: ['c'] }).detail;
    expect(detail).toBe('New: a, b. Removed: c.');
  });

  it('name the day on which a certificate expires', () => {
    expect(words('certificate', { expires_at: '2026-12-01T10:00:00.000Z' }).detail).toBe(
      'It expires on Dec 1, 2026.',
    );
  });

  it('name both URLs to the holder of a credential', () => {
    const urls = { old_url: 'https://host.example/a', new_url: 'https://host.example/b' };
    expect(words('credential_held', { credential: 'key', ...urls })).toEqual({
      tone: 'warn',
      title: 'Confirm the new URL of Notes',
      detail:
        "Its URL changed from https://host.example/a to https://host.example/b. The key you entered isn't used there until you confirm the URL.",
    });
    expect(words('credential_dropped', { credential: 'sign_in', ...urls }).title).toBe(
      'Sign in to Notes again',
    );
    expect(words('credential_dropped', { credential: 'key' }).detail).toBe(
      'Its settings changed. Patchbay removed the key you entered.',
    );
  });

  it('report a paused webhook without a server', () => {
    expect(words('webhook_paused').title).toBe('The webhook is paused');
  });

  it('exist for each kind', () => {
    for (const kind of ['down', 'needs_auth', 'back', 'unstable', 'tools_changed', 'certificate'] as const)
      expect(words(kind).title).toContain('Notes');
  });
});
