// A separate process, because LiveKit's threads end with it. Sends its parent the milliseconds of each round, from the
// failed call until the server is stored as down.
import { setTimeout as sleep } from 'node:timers/promises';
import { addDemoServer, newPerson } from '../../tests/support/person.ts';
import { pidOf } from '../../tests/support/processes.ts';
import { RoomClient } from '../../tests/support/room-client.ts';
import { serviceClient } from '../../tests/support/rest-api.ts';

export interface InUse {
  shownMs: number[];
}

/** The stack restarts the server later each time. */
const ROUNDS = 3;
const PATIENCE_MS = 60_000;
const POLL_MS = 20;

const person = await newPerson('bench-health');
const system = serviceClient();
const serverId = await addDemoServer(person, 'clock');
const client = await RoomClient.join(person);
await client.hearsVoice(0, PATIENCE_MS);
const shownMs: number[] = [];
while (shownMs.length < ROUNDS) {
  await untilShown('connected');
  await client.waitForActivity('tools', ({ names }) => names.includes('clock__countdown'), 0, PATIENCE_MS);
  await client.hearsSilence(1_500, PATIENCE_MS);
  const from = client.activity.length;
  await client.type('Countdown of 30 seconds');
  await client.waitForActivity('tool_call', ({ phase }) => phase === 'started', from, PATIENCE_MS);
  const shown = untilShown('error');
  process.kill(pidOf('clock'), 'SIGKILL');
  const failed = client.waitForActivity(
    'tool_call',
    ({ outcome }) => outcome === 'unavailable',
    from,
    PATIENCE_MS,
  );
  const failedAt = failed.then(() => Date.now());
  shownMs.push(Math.max(0, (await shown) - (await failedAt)));
}
await client.leave();
process.send?.({ shownMs } satisfies InUse);
process.once('disconnect', () => process.exit());

/** @returns the time on the wall clock */
async function untilShown(status: string): Promise<number> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(POLL_MS)) {
    const { data } = await system
      .from('mcp_servers')
      .select('connection_status')
      .eq('id', serverId)
      .single<{ connection_status: string }>()
      .throwOnError();
    if (data.connection_status === status) return Date.now();
  }
  throw new Error(`the server was never shown as ${status}`);
}
