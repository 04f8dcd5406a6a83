import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SessionServer, startSessionServer, tool } from '../../../shared/test/support/session-server.ts';
import { ModelTap } from '../../support/model-tap.ts';
import { type OwnWorker, startOwnWorker } from '../../support/own-worker.ts';
import { addDemoServer, addServer, newPerson, type Person } from '../../support/person.ts';
import { RoomClient } from '../../support/room-client.ts';
import { hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;

describe.runIf(hasVoice)('a model that makes several calls at once', () => {
  let person: Person;
  let client: RoomClient;
  let server: SessionServer;
  let worker: OwnWorker;
  let tap: ModelTap;

  beforeAll(async () => {
    server = await startSessionServer();
    server.tools = [{ ...tool('report'), annotations: { readOnlyHint: true } }];
    person = await newPerson('several');
    await addDemoServer(person, 'clock');
    await addServer(person, 'workshop', server.url, { trusts_hints: true });
    tap = await ModelTap.open();
    worker = await startOwnWorker({ OPENAI_BASE_URL: tap.url });
    client = await RoomClient.join(person, undefined, worker.agentName);
    const wanted = ['clock__current_time', 'workshop__report'];
    await client.waitForActivity(
      'tools',
      ({ names }) => wanted.every((name) => names.includes(name)),
      0,
      45_000,
    );
    await client.hearsVoice(0);
  }, 120_000);
  afterAll(async () => {
    await client?.leave();
    await worker?.end();
    await tap?.close();
    await server?.stop();
  });

  function holdReport(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.beforeAnswer = () => promise;
    return resolve;
  }
  const agentLines = (sinceMs: number) =>
    client.lines.filter(({ from, atMs }) => from === 'agent' && atMs >= sinceMs).map(({ text }) => text);
  const outputs = (from: number) =>
    tap
      .sent('conversation.item.create', from)
      .flatMap(({ item }) => (item?.type === 'function_call_output' ? [item.output ?? ''] : []));

  it('is not followed by the first filler when it said what it does, only by a later one', async () => {
    const write = holdReport();
    await client.hearsSilence();
    const sinceMs = Date.now();
    await client.type('Run the report');
    await client.agentSays(/still working on it/i, sinceMs);
    write();
    await client.agentSays(/report ran/i, sinceMs);
    expect(agentLines(sinceMs).slice(0, 2)).toEqual([
      expect.stringMatching(/let me look/i),
      expect.stringMatching(/still working on it/i),
    ]);
  });

  it('gets a fast result while the slow call is still running, and each result once', async () => {
    const write = holdReport();
    await client.hearsSilence();
    const [from, sinceMs] = [tap.events.length, Date.now()];
    await client.type('Run the report and what time is it in Tokyo');
    await client.agentSays(/in tokyo/i, sinceMs);
    expect(outputs(from)).toEqual([expect.stringMatching(/tokyo/i)]);
    expect(agentLines(sinceMs).join(' ')).not.toMatch(/we can keep talking/i);
    await client.hearsSilence();
    write();
    await client.agentSays(/report ran/i, sinceMs);
    await client.hearsSilence(2_000);
    expect(outputs(from)).toHaveLength(2);
    const said = agentLines(sinceMs).join(' ');
    expect(said.match(/in tokyo/gi)).toHaveLength(1);
    expect(said.match(/report ran/gi)).toHaveLength(1);
    expect(server.ran).toEqual(['report', 'report']);
  });
});
