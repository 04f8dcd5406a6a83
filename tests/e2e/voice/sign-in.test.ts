import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoopbackServer } from '../../../local/servers/loopback-server.ts';
import { startNotes } from '../../../local/servers/notes.ts';
import { startGuardedServer, type GuardedServer } from '../../support/servers/authorization-server.ts';
import { newPerson, type Person } from '../../support/person.ts';
import { addServer, invoke } from '../../support/rest-api.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';
import { signInTo } from '../../support/sign-in-by-function.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
const KEY = 'sk-of-the-diary';

describe.runIf(hasVoice)('in a conversation', () => {
  let person: Person;
  let guarded: GuardedServer;
  let diary: LoopbackServer;
  let client: RoomClient;
  let ticketsId: string;
  let diaryId: string;

  const asked = () => client.lines.filter(({ from, text }) => from === 'agent' && /sign in|key/i.test(text));
  const waits = (serverId: string, from = 0) =>
    client.waitForActivity(
      'server',
      (activity) => activity.server_id === serverId && activity.state === 'needs_credentials',
      from,
    );
  const hasTool = (name: string) =>
    client.waitForActivity('tools', ({ names, acknowledged }) => acknowledged && names.includes(name));
  async function hears(words: string, answer: RegExp): Promise<void> {
    const since = Date.now();
    await client.type(words);
    await client.agentSays(answer, since);
  }

  beforeAll(async () => {
    [person, guarded, diary] = await Promise.all([
      newPerson('talker'),
      startGuardedServer(),
      startNotes({ port: 0, apiKey: KEY }),
    ]);
    const own = { credential_scope: 'member' } as const;
    ticketsId = await addServer(person, { name: 'Tickets', url: guarded.url, auth_method: 'oauth', ...own });
    diaryId = await addServer(person, { name: 'Diary', url: diary.url, auth_method: 'api_key', ...own });
    client = await RoomClient.join(person);
    await Promise.all([waits(ticketsId), waits(diaryId), client.hearsVoice(0)]);
    await client.hearsSilence();
  });
  afterAll(async () => {
    await client?.leave();
    await Promise.all([guarded?.close(), diary?.close()]);
  });

  it('a sign-in that is missing is named when the server is asked for, and only then', async () => {
    await hears('Show me my tickets', /Tickets server needs you to sign in.*link is next to/);
    await hears('How are you?', /well/);
    expect(asked()).toHaveLength(1);
  });

  it('the tools come with the sign-in', async () => {
    await signInTo(person, ticketsId, 'ada');
    await hasTool('tickets__who_am_i');
    await hears('Who am I in tickets?', /You are ada\./);
  });

  it('a token that ends is renewed once, and nobody hears of it', async () => {
    guarded.expireTokens();
    const [from, before] = [client.activity.length, client.lines.length];
    await hears('Who am I in tickets?', /You are ada\./);
    expect(guarded.refreshes).toEqual({ ok: 1, failed: 0 });
    expect(client.activity.slice(from).filter(({ type }) => type !== 'tool_call')).toEqual([]);
    const said = client.lines.slice(before).filter((line) => line.from === 'agent');
    expect(said.map(({ text }) => text)).toEqual(['Let me look.', expect.stringMatching(/You are ada\./)]);
  });

  it('a tool that wants more rights says so; the others go on, and so does it after a sign-in that gives them', async () => {
    await hears('Post comment', /Tickets server needs you to approve more permissions/);
    await hears('Who am I in tickets?', /You are ada\./);
    const from = client.activity.length;
    await signInTo(person, ticketsId, 'ada');
    await client.waitForActivity(
      'server',
      (activity) => activity.server_id === ticketsId && activity.state === 'ready',
      from,
    );
    await hears('Post comment', /Posted/);
  });

  it('a key of one’s own that is missing is named in the same way, and its tools come with it', async () => {
    await hears('Open my diary', /Diary server needs a key.*link is next to/);
    await invoke(person, 'server-credential', { server_id: diaryId, credential: KEY });
    await hasTool('diary__add_note');
    await hears('Add a note: buy milk', /buy milk/i);
  });

  it('a sign-in that is taken back is missing again', async () => {
    const from = client.activity.length;
    await invoke(person, 'server-sign-in', { step: 'end', server_id: ticketsId });
    await waits(ticketsId, from);
    await hears('Who am I in tickets?', /Tickets server needs you to sign in/);
    expect(asked()).toHaveLength(3);
  });
});
