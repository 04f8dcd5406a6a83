import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSessionServer, type SessionServer } from '../../../shared/test/support/session-server.ts';
import { newPerson, type Person } from '../../support/person.ts';
import { addServer, personalWorkspace } from '../../support/rest-api.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
/** The monitor probes 2 s after a change and 5 s after a server was added. */
const LONG_ENOUGH_MS = 10_000;

describe.runIf(hasVoice)('a conversation with a server that takes one client', () => {
  let person: Person;
  let server: SessionServer;
  let client: RoomClient;

  beforeAll(async () => {
    person = await newPerson('one-client');
    server = await startSessionServer({
      intercept: (_request, _response, { method }) => {
        if (method === 'initialize') {
          server.forgetSessions();
          server.cutStreams();
        }
        return false;
      },
    });
    await addServer(person, { name: 'single', url: server.url });
  });
  afterAll(async () => {
    await client?.leave();
    await server?.stop();
  });

  it('keeps its session: nobody else connects to a server that it found healthy', async () => {
    client = await RoomClient.join(person);
    await client.waitForActivity('server', ({ state }) => state === 'ready');
    const from = client.activity.length;
    const sessions = server.sessions;
    await person.client
      .rpc('watch_workspace', { p_workspace_id: await personalWorkspace(person) })
      .throwOnError();
    await sleep(LONG_ENOUGH_MS);
    expect(server.sessions).toBe(sessions);
    const states = client.activity.slice(from).filter(({ type }) => type === 'server');
    expect(states.filter((one) => 'state' in one && one.state !== 'ready')).toEqual([]);
  });
});
