import assert from 'node:assert/strict';
import { TokenVerifier } from 'livekit-server-sdk';
import type { VoiceTokenBody } from '../../../shared/src/contract/schema/functions.ts';
import { DatabaseRefusal } from '../_shared/read.ts';
import { assertMatches } from '../_shared/testing/assert-matches.ts';
import { handle, type VoiceTokenDeps } from './handle.ts';
import { signJoinToken } from './join-token.ts';

const livekit = {
  url: 'ws://livekit.local',
  apiKey: 'key',
  apiSecret: 's'.repeat(40),
  agentName: 'patchbay',
};
const agent = { id: 'a1', workspace_id: 'w1' };
const open = { id: 's9', workspace_id: 'w1', user_id: 'u1', room_name: 'pb-s9', state: 'active' };

const noSession = { findSession: () => Promise.resolve(null) };

async function ask(change: Partial<VoiceTokenDeps> = {}, body: VoiceTokenBody = {}) {
  const sessions: object[] = [];
  const asked: (string | undefined)[] = [];
  const counted: unknown[] = [];
  const answer = await handle(body, {
    userId: 'u1',
    livekit,
    database: {
      findAgent: (id) => (asked.push(id), Promise.resolve(agent)),
      findSession: (id) => Promise.resolve(id === open.id ? open : null),
      countCall: (...call) => Promise.resolve(void counted.push(call)),
      createSession: (session) => Promise.resolve(void sessions.push(session)),
    },
    newId: () => 's1',
    sign: signJoinToken,
    ...change,
  });
  return { ...answer, sessions, asked, counted };
}

Deno.test('a session is stored, and its token opens its own room only', async () => {
  const { status, body, sessions, counted } = await ask();
  assert.equal(status, 200);
  assert.deepEqual(counted, [['voice_tokens', 'w1']]);
  const { token, ...rest } = body as { token: string };
  assert.deepEqual(rest, { session_id: 's1', url: 'ws://livekit.local', room_name: 'pb-s1' });
  assert.deepEqual(sessions, [
    { id: 's1', workspace_id: 'w1', user_id: 'u1', agent_config_id: 'a1', room_name: 'pb-s1' },
  ]);

  const claims = await new TokenVerifier(livekit.apiKey, livekit.apiSecret).verify(token);
  assert.equal(claims.sub, 'user-u1');
  assert.deepEqual(claims.video, {
    roomJoin: true,
    room: 'pb-s1',
    canSubscribe: true,
    canPublish: true,
    canPublishSources: ['microphone'],
    canPublishData: true,
    canUpdateOwnMetadata: false,
  });
  const { agents } = claims.roomConfig as unknown as { agents: { agentName: string; metadata: string }[] };
  assert.deepEqual(
    agents.map(({ agentName, metadata }) => [agentName, metadata]),
    [['patchbay', '{"session_id":"s1"}']],
  );
  const lifetimeS = (claims.exp ?? 0) - Date.now() / 1000;
  assert.ok(lifetimeS > 14 * 60 && lifetimeS < 16 * 60);
});

Deno.test('the agent that was asked for is the one that is looked up', async () => {
  assert.deepEqual((await ask({}, { agent_config_id: 'a9' })).asked, ['a9']);
  assert.deepEqual((await ask()).asked, [undefined]);
});

Deno.test('an agent of somebody else is not there', async () => {
  const { status, body } = await ask({
    database: {
      ...noSession,
      findAgent: () => Promise.resolve(null),
      countCall: () => assert.fail('nothing to count'),
      createSession: () => assert.fail('no session'),
    },
  });
  assert.equal(status, 404);
  assertMatches(body, { code: 'agent_not_found' });
});

Deno.test('a conversation too many is refused before anything is opened', async () => {
  const database = {
    ...noSession,
    findAgent: () => Promise.resolve(agent),
    countCall: () => Promise.reject(new DatabaseRefusal(429, 'Too many.')),
    createSession: () => assert.fail('no session'),
  };
  await assert.rejects(ask({ database }), DatabaseRefusal);
});

Deno.test('without a LiveKit server it says so, and opens no session', async () => {
  const { status, body, sessions } = await ask({ livekit: null });
  assert.equal(status, 503);
  assertMatches(body, { code: 'voice_unavailable' });
  assert.deepEqual(sessions, []);
});

Deno.test(
  'for an own conversation that is open there is another token, and no other conversation',
  async () => {
    const { status, body, sessions, counted } = await ask({}, { session_id: open.id });
    assert.equal(status, 200);
    assert.deepEqual(sessions, []);
    assert.deepEqual(counted, [['function_calls', 'w1']]);
    const { token, ...rest } = body as { token: string };
    assert.deepEqual(rest, { session_id: 's9', url: 'ws://livekit.local', room_name: 'pb-s9' });
    const claims = await new TokenVerifier(livekit.apiKey, livekit.apiSecret).verify(token);
    assert.equal(claims.sub, 'user-u1');
    assertMatches(claims.video, { roomJoin: true, room: 'pb-s9' });
  },
);

const refused: [string, number, string, { userId?: string; session?: Partial<typeof open> | null }][] = [
  ['of somebody else', 403, 'not_your_session', { userId: 'u2' }],
  ['that has ended', 409, 'session_ended', { session: { ...open, state: 'ended' } }],
  ['that the caller cannot see', 404, 'session_not_found', { session: null }],
];
for (const [which, expected, code, { userId = 'u1', session = open }] of refused) {
  Deno.test(`for a conversation ${which} there is no token`, async () => {
    const database = {
      findAgent: () => assert.fail('no agent is asked for'),
      findSession: () => Promise.resolve(session && { ...open, ...session }),
      countCall: () => assert.fail('nothing to count'),
      createSession: () => assert.fail('no session'),
    };
    const sign = () => assert.fail('nothing is signed');
    const { status, body } = await ask({ userId, database, sign }, { session_id: open.id });
    assert.equal(status, expected);
    assertMatches(body, { code });
  });
}
