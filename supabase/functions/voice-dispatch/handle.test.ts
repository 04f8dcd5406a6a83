import assert from 'node:assert/strict';
import { describeEnd } from '../../../shared/src/contract/end-reason.ts';
import { AppError } from '../../../shared/src/contract/errors.ts';
import { handle, type VoiceDispatchDeps } from './handle.ts';
import type { SessionRoom } from './session-room.ts';
import { assertMatches } from '../_shared/testing/assert-matches.ts';

const session = {
  id: 's1',
  workspace_id: 'w1',
  user_id: 'u1',
  room_name: 'pb-s1',
  state: 'active',
  end_reason: null as string | null,
};
const livekit = { url: 'ws://livekit.local', apiKey: 'key', apiSecret: 'secret', agentName: 'patchbay' };

const emptyRoom: SessionRoom = {
  agents: () => Promise.resolve([]),
  answers: () => assert.fail('nobody to ask'),
  remove: () => assert.fail('nobody to remove'),
  dispatches: () => Promise.resolve([]),
  dropDispatch: () => assert.fail('nothing to drop'),
  dispatch: () => Promise.resolve({ id: 'd1' }),
};

function ask(found: Partial<typeof session> | null, change: Partial<VoiceDispatchDeps> = {}, claimed = true) {
  return handle(
    { session_id: 's1' },
    {
      userId: 'u1',
      livekit,
      database: {
        findSession: () => Promise.resolve(found && { ...session, ...found }),
        countCall: (...call) => {
          assert.deepEqual(call, ['function_calls', 'w1']);
          return Promise.resolve();
        },
        claimDispatch: () => Promise.resolve(claimed),
      },
      openRoom: () => emptyRoom,
      now: () => 0,
      ...change,
    },
  );
}

Deno.test('only the person who talks may call an agent, and only while the conversation lasts', async () => {
  assert.equal((await ask(null)).status, 404);
  assert.equal((await ask({ user_id: 'somebody' })).status, 403);
  assert.equal((await ask({ state: 'ended' })).status, 409);
});

Deno.test('a conversation that has ended says why', async () => {
  const quota = await ask({ state: 'ended', end_reason: 'model_quota' });
  assertMatches(quota.body, { code: 'session_ended', message: describeEnd('model_quota')?.title });
  assertMatches(quota.body, { hint: describeEnd('model_quota')?.hint });
  const left = await ask({ state: 'ended', end_reason: 'user_left' });
  assertMatches(left.body, { message: 'This conversation has ended.', hint: 'Start a new one.' });
});

Deno.test('another caller who is at it is left alone', async () => {
  const answer = await ask({}, { openRoom: () => assert.fail('the room is not touched') }, false);
  assert.deepEqual(answer, { status: 200, body: { dispatched: false } });
});

Deno.test('without a LiveKit server, or with one that is offline, it says so', async () => {
  assert.equal((await ask({}, { livekit: null })).status, 503);
  const away = await ask(
    {},
    {
      openRoom: () => ({ ...emptyRoom, agents: () => Promise.reject(new AppError('unreachable')) }),
    },
  );
  assert.equal(away.status, 503);
  assertMatches(away.body, { code: 'voice_unreachable' });
});
