import { AppError, type ErrorCode } from '@patchbay/shared/contract/errors';
import { describe, expect, it } from 'vitest';
import { LinkNews } from './link-news.ts';
import type { LinkState, ServerLink } from '@patchbay/livekit/servers/server-link';
import { snapshotServer } from '@patchbay/livekit/testing/snapshot';

const tickets = snapshotServer({
  id: 't',
  name: 'Tickets',
  auth_method: 'oauth',
  credential_scope: 'member',
});
const needs = (code: ErrorCode): LinkState => ({ name: 'needs_credentials', error: new AppError(code) });

/** What page, database and model hear of a server in these states, one after the other. */
function newsOf(states: LinkState[], server = tickets) {
  const heard = {
    shown: [] as unknown[],
    reported: [] as string[],
    told: [] as string[],
    logged: [] as unknown[],
  };
  const news = new LinkNews({
    feed: { send: (activity) => heard.shown.push(activity) },
    reports: { status: ({ state }) => heard.reported.push(state.name) },
    tell: (line) => heard.told.push(line),
    log: { warn: (details: unknown) => heard.logged.push(details) },
  });
  // The news are of a link's server and state alone.
  for (const state of states) news.state({ server, state } as ServerLink);
  return heard;
}

describe('the model', () => {
  it('is told once that a server needs a sign-in, however often it is looked at', () => {
    const { told, shown } = newsOf([
      needs('sign_in_required'),
      { name: 'connecting' },
      needs('sign_in_required'),
    ]);
    expect(told).toEqual([
      'The Tickets server needs action from the user before it can be used. When the user asks for it, ' +
        'say once: "The Tickets server needs you to sign in on its page in Patchbay. The link is next to our conversation."',
    ]);
    expect(shown).toHaveLength(3);
  });

  it('is told again when it was lost in between, or something else is missing', () => {
    const signedOut = [needs('sign_in_required'), { name: 'ready' as const }, needs('sign_in_required')];
    expect(newsOf(signedOut).told).toHaveLength(2);
    expect(newsOf([needs('credential_missing'), needs('unauthorized')]).told).toHaveLength(2);
  });

  it('points to no link where somebody else may have to act', () => {
    const { told } = newsOf([needs('unauthorized')], snapshotServer({ id: 'n', name: 'Notes' }));
    expect(told).toEqual([expect.stringContaining('say once: "The Notes server didn\'t accept its key."')]);
  });

  it('hears nothing of servers that need nothing from the user', () => {
    const away: LinkState = { name: 'waiting', error: new AppError('connection_refused') };
    const { told, logged, reported } = newsOf([{ name: 'connecting' }, away, { name: 'ready' }]);
    expect(told).toEqual([]);
    expect(logged).toEqual([{ server: 't', state: 'waiting', code: 'connection_refused' }]);
    expect(reported).toEqual(['connecting', 'waiting', 'ready']);
  });
});
