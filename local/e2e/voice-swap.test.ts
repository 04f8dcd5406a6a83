import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelTools } from './model-view.ts';
import { addDemoServer, deleteServer, newPerson, type Person } from './person.ts';
import { RoomClient } from './room-client.ts';
import { hasStack, runningStack } from './running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;

/** One conversation from beginning to end; the stories build on each other. */
describe.runIf(hasVoice)('tools come and go in a conversation', () => {
  let person: Person;
  let client: RoomClient;
  let notesId: string;

  beforeAll(async () => {
    person = await newPerson('voice');
    await addDemoServer(person, 'clock');
    client = await RoomClient.join(person);
  });
  afterAll(() => client?.leave());

  /** Other conversations with the same demo server may have left notes. */
  async function emptyNotebook(): Promise<void> {
    if (!(await modelTools()).includes('notes__delete_all_notes')) return;
    const from = client.activity.length;
    await client.type('Delete all notes');
    await client.told('tools', ({ names }) => !names.includes('notes__delete_all_notes'), from);
    await client.hearsSilence();
  }

  it('greets by voice', async () => {
    await client.hearsVoice(0);
    await client.agentSays(/./, 0);
  });

  it('answers a typed question with a tool', async () => {
    await client.told('tools', ({ names }) => names.some((name) => name.startsWith('clock__')));
    await client.hearsSilence();
    const since = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/tokyo/i, since);
    await client.hearsVoice(since);
    await client.told('tool_call', ({ name, phase }) => name.startsWith('clock__') && phase === 'finished');
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
    await client.told(
      'tools',
      ({ names, acknowledged }) => acknowledged && names.includes('notes__add_note'),
      from,
    );
    expect(await modelTools()).toContain('notes__add_note');
    await client.hearsSilence();
    await emptyNotebook();
    const since = Date.now();
    await client.type('Add a note: buy milk');
    await client.agentSays(/buy milk/i, since);
  });

  it('uses a tool that the server has only now', async () => {
    await client.told('tools', ({ names }) => names.includes('notes__read_latest_note'));
    await client.hearsSilence();
    const since = Date.now();
    await client.type('Read the latest note');
    await client.agentSays(/latest note says: buy milk/i, since);
  });

  it('goes on speaking while a server is deleted, and says so when its tool is asked for', async () => {
    await client.hearsSilence();
    const since = Date.now();
    await client.type('Tell me a long story');
    const heardAtMs = await client.hearsVoice(since);
    const from = client.activity.length;
    await deleteServer(person, notesId);
    await client.told('tools', ({ names }) => !names.some((name) => name.startsWith('notes__')), from);
    const goneAtMs = Date.now();
    expect(goneAtMs - heardAtMs).toBeLessThan(3_000);
    await client.hearsVoice(goneAtMs + 1_000);
    expect((await modelTools()).filter((name) => name.startsWith('notes__'))).toEqual([]);
    const asked = Date.now();
    await client.type('Add a note: buy bread');
    await client.agentSays(/not available|gone|removed/i, asked);
  });
});
