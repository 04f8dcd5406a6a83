import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelSessions } from './model-view.ts';
import { addDemoServer, newPerson, type Person } from './person.ts';
import { pidOf } from './processes.ts';
import { RoomClient } from './room-client.ts';
import { hasStack, runningStack } from './running-stack.ts';

const canLoseModel = hasStack && !runningStack().voice_unavailable && Boolean(runningStack().pids['model']);

/** One conversation whose model goes away again and again; the stack brings it back each time. */
describe.runIf(canLoseModel)('a conversation whose model goes away', () => {
  let person: Person;
  let client: RoomClient;

  beforeAll(async () => {
    person = await newPerson('model-away');
    await addDemoServer(person, 'clock');
    client = await RoomClient.join(person);
    await client.told('tools', ({ names }) => names.includes('clock__countdown'));
    await client.hearsVoice(0);
  });
  afterAll(() => client?.leave());

  const loseModel = () => process.kill(pidOf('model'), 'SIGKILL');
  const modelIsBack = () =>
    expect
      .poll(
        () =>
          modelSessions().then(
            (sessions) => sessions.length,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(1);

  it('in the middle of a tool: the tool runs once, and its result is told', async () => {
    await client.hearsSilence();
    const [from, since] = [client.activity.length, Date.now()];
    await client.type('Countdown of 5 seconds');
    await client.told('tool_call', ({ phase }) => phase === 'started', from);
    loseModel();
    await client.told('tool_call', ({ phase }) => phase === 'finished', from);
    await client.agentSays(/5 seconds|over|done/i, since, 25_000);
    const starts = client.activity
      .slice(from)
      .filter((message) => message.type === 'tool_call' && message.phase === 'started');
    expect(starts).toHaveLength(1);
  });

  it('in the middle of speech: it has its tools, and answers the next question', async () => {
    await client.hearsSilence();
    const since = Date.now();
    await client.type('Tell me a long story');
    await client.hearsVoice(since);
    loseModel();
    await modelIsBack();
    await expect
      .poll(async () => (await modelSessions())[0]?.tools.map(({ name }) => name), { timeout: 10_000 })
      .toContain('clock__current_time');
    const asked = Date.now();
    await client.type('What time is it in Tokyo?');
    await client.agentSays(/in tokyo/i, asked);
  });

  it('when a message is typed: the message is answered when it is back', async () => {
    await client.hearsSilence();
    loseModel();
    const asked = Date.now();
    await client.type('What time is it in Paris?');
    await client.agentSays(/in paris/i, asked, 25_000);
  });

  it('while a server is added: its tools are there afterwards', async () => {
    await client.hearsSilence();
    loseModel();
    await addDemoServer(person, 'notes');
    await modelIsBack();
    await expect
      .poll(async () => (await modelSessions())[0]?.tools.map(({ name }) => name), { timeout: 15_000 })
      .toContain('notes__add_note');
  });
});
