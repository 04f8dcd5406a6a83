import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelTools } from '../../support/model-view.ts';
import { emptyNotebook } from '../../support/servers/notebook.ts';
import { addDemoServer, deleteServer, newPerson, type Person } from '../../support/person.ts';
import { addServer } from '../../support/rest-api.ts';
import { RoomClient } from '../../support/room-client.ts';
import { demoServer, hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
const isOfSecond = (name: string): boolean => name.startsWith('second__');

describe.runIf(hasVoice)('tools come and go in a conversation', () => {
  let person: Person;
  let client: RoomClient;
  let clockId: string;
  let notesId: string;
  let secondId: string;

  beforeAll(async () => {
    await emptyNotebook();
    person = await newPerson('voice');
    clockId = await addDemoServer(person, 'clock');
    client = await RoomClient.join(person);
  });
  afterAll(async () => {
    await client?.leave();
    await emptyNotebook();
  });

  it('greets by voice', async () => {
    await client.hearsVoice(0);
    await client.agentSays(/./, 0);
  });

  it('answers a typed question with a tool', async () => {
    await client.waitForActivity('tools', ({ names }) => names.some((name) => name.startsWith('clock__')));
    await client.hearsSilence();
    const since = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/tokyo/i, since);
    await client.hearsVoice(since);
    await client.waitForActivity(
      'tool_call',
      ({ name, phase }) => name.startsWith('clock__') && phase === 'finished',
    );
  });

  it('answers a spoken question', async () => {
    await client.hearsSilence();
    const since = Date.now();
    await client.say('What time is it in Tokyo?');
    await client.agentSays(/tokyo/i, since);
  });

  it('uses the tool of a server that is added by REST', async () => {
    const from = client.activity.length;
    notesId = await addDemoServer(person, 'notes');
    await client.waitForActivity(
      'tools',
      ({ names, acknowledged }) => acknowledged && names.includes('notes__add_note'),
      from,
    );
    expect(await modelTools()).toContain('notes__add_note');
    await client.hearsSilence();
    const since = Date.now();
    await client.type('Add a note: buy milk');
    await client.agentSays(/buy milk/i, since);
  });

  it('uses a tool that the server has only now', async () => {
    await client.waitForActivity('tools', ({ names }) => names.includes('notes__read_latest_note'));
    await client.hearsSilence();
    const since = Date.now();
    await client.type('Read the latest note');
    await client.agentSays(/latest note says: buy milk/i, since);
  });

  it('swaps while a tool runs, which is answered all the same', async () => {
    await client.hearsSilence();
    const [from, since] = [client.activity.length, Date.now()];
    await client.type('Countdown of 5 seconds');
    await client.waitForActivity('tool_call', ({ phase }) => phase === 'started', from);
    secondId = await addServer(person, { name: 'second', url: demoServer('everything').url });
    await client.waitForActivity('tools', ({ names }) => names.some(isOfSecond), from, 30_000);
    await client.waitForActivity('tool_call', ({ phase }) => phase === 'finished', from, 30_000);
    await client.agentSays(/countdown|5 seconds|over|done/i, since, 30_000);
  });

  it('ends with the last of ten swaps in a row', async () => {
    const held = () => modelTools().then((names) => names.some(isOfSecond));
    expect(await held()).toBe(true);
    for (let swap = 0; swap <= 10; swap += 1)
      await person.client
        .from('mcp_servers')
        .update({ is_active: swap % 2 === 1 })
        .eq('id', secondId);
    await expect.poll(held, { timeout: 30_000 }).toBe(false);
    const isAcknowledged = () =>
      client.activity.findLast((message) => message.type === 'tools')?.names.some(isOfSecond);
    await expect.poll(isAcknowledged, { timeout: 30_000 }).toBe(false);
    // One of the ten may still be in flight; only the final state counts.
    await person.client.from('mcp_servers').update({ is_active: true }).eq('id', secondId);
    await expect.poll(held, { timeout: 30_000 }).toBe(true);
    await expect.poll(isAcknowledged, { timeout: 30_000 }).toBe(true);
    await deleteServer(person, secondId);
    await expect.poll(held, { timeout: 30_000 }).toBe(false);
  });

  it('goes on when a server is moved to another address in the middle of a call', async () => {
    await client.hearsSilence();
    const from = client.activity.length;
    await client.type('Countdown of 20 seconds');
    await client.waitForActivity('tool_call', ({ phase }) => phase === 'started', from);
    const move = (url: string) => person.client.from('mcp_servers').update({ url }).eq('id', clockId);
    await move(demoServer('everything').url);
    await client.waitForActivity('tools', ({ names }) => names.includes('clock__echo'), from, 30_000);
    await client.waitForActivity('tool_call', ({ phase }) => phase !== 'started', from, 30_000);
    expect(await modelTools()).not.toContain('clock__countdown');

    const back = client.activity.length;
    await move(demoServer('clock').url);
    await client.waitForActivity('tools', ({ names }) => names.includes('clock__current_time'), back, 30_000);
    await client.hearsSilence();
    const since = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/in tokyo/i, since, 30_000);
  });

  it('goes on speaking while a server is deleted, and says so when its tool is asked for', async () => {
    await client.hearsSilence();
    const since = Date.now();
    await client.type('Tell me a long story');
    const heardAtMs = await client.hearsVoice(since);
    const from = client.activity.length;
    await deleteServer(person, notesId);
    await client.waitForActivity(
      'tools',
      ({ names }) => !names.some((name) => name.startsWith('notes__')),
      from,
    );
    const goneAtMs = Date.now();
    expect(goneAtMs - heardAtMs).toBeLessThan(3_000);
    await client.hearsVoice(goneAtMs + 1_000);
    expect((await modelTools()).filter((name) => name.startsWith('notes__'))).toEqual([]);
    const asked = Date.now();
    await client.type('Add a note: buy bread');
    await client.agentSays(/not available|gone|removed/i, asked);
  });
});
