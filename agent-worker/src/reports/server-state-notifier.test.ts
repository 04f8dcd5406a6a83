import { AppError, type ErrorCode } from '@patchbay/shared/contract/errors';
import { describe, expect, it } from 'vitest';
import { ServerStateNotifier } from './server-state-notifier.ts';
import type { LinkState } from '@patchbay/livekit/servers/link-state';
import type { ServerLink } from '@patchbay/livekit/servers/server-link';
import { snapshotServer } from '@patchbay/livekit/testing/snapshot';

const tickets = snapshotServer({
  id: 't',
  name: 'Tickets',
  auth_method: 'oauth',
  credential_scope: 'member',
});
const needs = (code: ErrorCode): LinkState => ({ name: 'needs_credentials', error: new AppError(code) });

/** What page, database, model and log get when a server enters these states, one after the other. */
function notificationsOf(states: LinkState[], server = tickets) {
  const sent = {
    shown: [] as unknown[],
    reported: [] as string[],
    notices: [] as string[],
    logged: [] as unknown[],
  };
  const notifier = new ServerStateNotifier({
    feed: { send: (activity) => sent.shown.push(activity) },
    reports: { status: ({ state }) => sent.reported.push(state.name) },
    notify: (line) => sent.notices.push(line),
    log: { warn: (details: unknown) => sent.logged.push(details) },
  });
  // The notifier reads nothing else of a link.
  for (const state of states) notifier.onState({ server, state } as ServerLink);
  return sent;
}

describe('ServerStateNotifier', () => {
  it('notifies the model once that a server needs a sign-in, however often it tries to connect', () => {
    const { notices, shown } = notificationsOf([
      needs('sign_in_required'),
      { name: 'connecting' },
      needs('sign_in_required'),
    ]);
    expect(notices).toEqual([
      'The Tickets server needs action from the user before it can be used. When the user asks for it, ' +
        'say once: "The Tickets server needs you to sign in on its page in Patchbay. The link is next to our conversation."',
    ]);
    expect(shown).toHaveLength(3);
  });

  it('notifies the model again when the server was connected in between or needs something else', () => {
    const signedOut = [needs('sign_in_required'), { name: 'ready' as const }, needs('sign_in_required')];
    expect(notificationsOf(signedOut).notices).toHaveLength(2);
    expect(notificationsOf([needs('credential_missing'), needs('unauthorized')]).notices).toHaveLength(2);
  });

  it('mentions no link when somebody else may have to act', () => {
    const { notices } = notificationsOf([needs('unauthorized')], snapshotServer({ id: 'n', name: 'Notes' }));
    expect(notices).toEqual([
      expect.stringContaining('say once: "The Notes server didn\'t accept its key."'),
    ]);
  });

  it('does not notify the model of servers that need nothing from the user', () => {
    const offline: LinkState = { name: 'waiting', error: new AppError('connection_refused') };
    const { notices, logged, reported } = notificationsOf([
      { name: 'connecting' },
      offline,
      { name: 'ready' },
    ]);
    expect(notices).toEqual([]);
    expect(logged).toEqual([{ server: 't', state: 'waiting', code: 'connection_refused' }]);
    expect(reported).toEqual(['connecting', 'waiting', 'ready']);
  });
});
