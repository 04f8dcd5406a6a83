import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Room } from '@livekit/rtc-node';
import {
  AccessToken,
  AgentDispatchClient,
  RoomServiceClient,
  type ParticipantInfo,
} from 'livekit-server-sdk';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newPerson, type Person } from '../../support/person.ts';
import { invoke, serviceClient } from '../../support/rest-api.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';

const KIND_AGENT: ParticipantInfo['kind'] = 4;
const STATE_ACTIVE: ParticipantInfo['state'] = 2;
const hasVoice = hasStack && !runningStack().voice_unavailable;

describe.runIf(hasVoice)('voice-dispatch', { timeout: 40_000 }, () => {
  let person: Person;
  const rooms: Room[] = [];
  beforeAll(async () => {
    person = await newPerson('dispatch');
  });
  afterEach(async () => {
    await Promise.all(rooms.splice(0).map((room) => room.disconnect()));
  });

  function livekit() {
    const { livekit_url, livekit_api_key, livekit_api_secret } = runningStack();
    return [livekit_url, livekit_api_key, livekit_api_secret] as const;
  }

  async function openSession() {
    const { body } = await invoke(person, 'voice-token');
    return body as { session_id: string; room_name: string; url: string; token: string };
  }

  async function agentsIn(room: string): Promise<string[]> {
    const participants = await new RoomServiceClient(...livekit()).listParticipants(room);
    return participants.filter(({ kind }) => kind === KIND_AGENT).map(({ identity }) => identity);
  }

  async function isActive(room: string, identity: string): Promise<boolean> {
    const participants = await new RoomServiceClient(...livekit()).listParticipants(room);
    return participants.some((one) => one.identity === identity && one.state === STATE_ACTIVE);
  }

  async function join({ url, token }: { url: string; token: string }): Promise<void> {
    const room = new Room();
    rooms.push(room);
    await room.connect(url, token, { autoSubscribe: false, dynacast: false });
  }

  it('lets a person rejoin with another token, and nobody else, until the conversation has ended', async () => {
    const session = await openSession();
    await join(session);
    await rooms.pop()?.disconnect();
    const ask = (who: Person) => invoke(who, 'voice-token', { session_id: session.session_id });

    const again = await ask(person);
    expect(again).toMatchObject({
      status: 200,
      body: { session_id: session.session_id, room_name: session.room_name, url: session.url },
    });
    await join(again.body as typeof session);
    // LiveKit reports a participant as active shortly after admitting it.
    const isBack = () => isActive(session.room_name, `user-${person.id}`);
    await expect.poll(isBack, { timeout: 10_000 }).toBe(true);
    expect(await ask(await newPerson('stranger'))).toMatchObject({ status: 404 });

    const ended = { state: 'ended', ended_at: new Date().toISOString() };
    await serviceClient().from('voice_sessions').update(ended).eq('id', session.session_id).throwOnError();
    expect(await ask(person)).toMatchObject({ status: 409, body: { code: 'session_ended' } });
  });

  async function leaveGhost(room: string): Promise<void> {
    const [url, key, secret] = livekit();
    const token = new AccessToken(key, secret, { identity: 'agent-ghost' });
    token.kind = 'agent';
    token.addGrant({ roomJoin: true, room });
    const child = spawn(process.execPath, [
      fileURLToPath(new URL('../../support/ghost-agent.ts', import.meta.url)),
      url,
      await token.toJwt(),
    ]);
    await once(child.stdout, 'data');
    // A process that dies while joining leaves no ghost.
    await expect.poll(() => isActive(room, 'agent-ghost'), { timeout: 10_000 }).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async function callAgent(session_id: string): Promise<number> {
    let calls = 0;
    await expect
      .poll(
        async () => {
          const answers = await Promise.all(
            [1, 2].map(() => invoke(person, 'voice-dispatch', { session_id })),
          );
          expect(answers.map(({ status }) => status)).toEqual([200, 200]);
          return (calls += answers.filter(({ body }) => body['dispatched']).length);
        },
        { timeout: 10_000, interval: 500 },
      )
      .toBeGreaterThan(0);
    return calls;
  }

  it('replaces the ghost of a killed agent by one agent, however many ask', async () => {
    const session = await openSession();
    await leaveGhost(session.room_name);
    // The room exists, so joining dispatches no agent, as after a crashed job.
    await join(session);
    expect(await agentsIn(session.room_name)).toEqual(['agent-ghost']);

    expect(await callAgent(session.session_id)).toBe(1);
    await expect
      .poll(() => agentsIn(session.room_name), { timeout: 10_000 })
      .toEqual([expect.stringMatching(/^agent-AJ_/)]);
    const [agent] = await agentsIn(session.room_name);
    for (let round = 0; round < 10; round += 1) {
      const { body } = await invoke(person, 'voice-dispatch', { session_id: session.session_id });
      expect(body).toEqual({ dispatched: false });
    }
    expect(await agentsIn(session.room_name)).toEqual([agent]);
    const dispatches = await new AgentDispatchClient(...livekit()).listDispatch(session.room_name);
    expect(dispatches.filter(({ agentName }) => agentName !== '')).toHaveLength(1);
  });

  it('leaves alone the agent that the token has called', async () => {
    const session = await openSession();
    await join(session);
    const answers = await Promise.all(
      [1, 2, 3].map(() => invoke(person, 'voice-dispatch', { session_id: session.session_id })),
    );
    expect(answers.map(({ body }) => body)).toEqual([1, 2, 3].map(() => ({ dispatched: false })));
    await expect.poll(() => agentsIn(session.room_name), { timeout: 10_000 }).toHaveLength(1);
  });

  it('makes the room when it is gone', async () => {
    const session = await openSession();
    expect(await callAgent(session.session_id)).toBe(1);
    const rooms = await new RoomServiceClient(...livekit()).listRooms([session.room_name]);
    expect(rooms).toHaveLength(1);
    await join(session);
    await expect.poll(() => agentsIn(session.room_name), { timeout: 10_000 }).toHaveLength(1);
  });

  it('says that a conversation has ended', async () => {
    const session = await openSession();
    await serviceClient().rpc('set_session_state', { p_session_id: session.session_id, p_state: 'ended' });
    const { status, body } = await invoke(person, 'voice-dispatch', { session_id: session.session_id });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'session_ended' });
  });
});
