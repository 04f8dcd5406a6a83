import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelTools } from '../../support/model-view.ts';
import { type OwnWorker, startOwnWorker } from '../../support/own-worker.ts';
import { addDemoServer, newPerson, type Person } from '../../support/person.ts';
import { addServer } from '../../support/rest-api.ts';
import { RoomClient } from '../../support/room-client.ts';
import { demoServer, hasStack, runningStack } from '../../support/running-stack.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
const PATIENCE_MS = 90_000;

describe.runIf(hasVoice)('a conversation whose model goes away', { timeout: 400_000 }, () => {
  let worker: OwnWorker;
  let person: Person;
  let inSpeech: RoomClient;
  let inText: RoomClient;
  let inTool: RoomClient;

  beforeAll(async () => {
    worker = await startOwnWorker();
    person = await newPerson('model-away');
    await addDemoServer(person, 'clock');
    // Sequential: each starts a process, maybe on a small machine.
    const join = () => RoomClient.join(person, undefined, worker.agentName);
    [inSpeech, inText, inTool] = [await join(), await join(), await join()];
    for (const client of [inSpeech, inText, inTool]) {
      await client.waitForActivity(
        'tools',
        ({ names }) => names.includes('clock__countdown'),
        0,
        PATIENCE_MS,
      );
      await client.hearsVoice(0, PATIENCE_MS);
    }
  }, 300_000);
  afterAll(async () => {
    await Promise.all([inSpeech, inText, inTool].map((client) => client?.leave()));
    await worker?.end();
  });

  it.each([2, 10, 60])(
    'for %i s goes on, loses no result, calls nothing twice, and keeps a swap',
    async (seconds) => {
      for (const client of [inSpeech, inText, inTool]) await client.hearsSilence(700, PATIENCE_MS);
      const from = inTool.activity.length;
      const beganAtMs = Date.now();
      await inSpeech.type('Tell me a long story');
      await inSpeech.hearsVoice(beganAtMs, PATIENCE_MS);
      await inTool.type('Countdown of 3 seconds');
      await inTool.waitForActivity('tool_call', ({ phase }) => phase === 'started', from, PATIENCE_MS);

      await worker.model.pull();
      const awayAtMs = Date.now();
      await inText.type('What time is it in Paris?');
      await addServer(person, { name: `extra ${seconds}`, url: demoServer('clock').url });
      await inTool.waitForActivity('tool_call', ({ phase }) => phase === 'finished', from, PATIENCE_MS);
      await sleep(Math.max(0, seconds * 1_000 - (Date.now() - awayAtMs)));
      await worker.model.plug();

      await inText.agentSays(/in paris/i, awayAtMs, PATIENCE_MS);
      await inTool.agentSays(/countdown|3 seconds|over|done/i, awayAtMs, PATIENCE_MS);
      const starts = inTool.activity
        .slice(from)
        .filter((message) => message.type === 'tool_call' && message.phase === 'started');
      expect(starts).toHaveLength(1);
      await expect
        .poll(async () => (await modelTools()).filter((name) => name === `extra-${seconds}__current_time`), {
          timeout: PATIENCE_MS,
        })
        .toHaveLength(3);

      await inSpeech.hearsSilence(700, PATIENCE_MS);
      const askedAtMs = Date.now();
      await inSpeech.type('What time is it in Tokyo?');
      await inSpeech.agentSays(/in tokyo/i, askedAtMs, PATIENCE_MS);
    },
  );
});
