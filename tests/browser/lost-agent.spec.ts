import { expect, test, type Page } from '@playwright/test';
import { RoomServiceClient } from 'livekit-server-sdk';
import { browserOptions } from '../support/browser/browser.ts';
import { newPerson, type Person } from '../support/person.ts';
import { childrenOf, pidOf } from '../support/processes.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';
import { say, transcriptOf } from '../support/browser/typed-talk.ts';

test.use({ launchOptions: browserOptions() });

const AGENT_KIND = 4;
const PROMISED_MS = 10_000;

/** A ghost of a killed process counts too. */
async function agentsWith({ client }: Person): Promise<string[]> {
  const newest = await client
    .from('voice_sessions')
    .select('room_name')
    .order('started_at', { ascending: false })
    .limit(1)
    .single<{ room_name: string }>();
  if (newest.error) throw new Error('The person has no conversation.', { cause: newest.error });
  const { livekit_url, livekit_api_key, livekit_api_secret } = runningStack();
  const rooms = new RoomServiceClient(
    livekit_url.replace(/^ws/, 'http'),
    livekit_api_key,
    livekit_api_secret,
  );
  const participants = await rooms.listParticipants(newest.data.room_name);
  return participants.flatMap(({ kind, identity }) => (Number(kind) === AGENT_KIND ? [identity] : []));
}

const startTyping = async (page: Page): Promise<void> => {
  await page.getByRole('link', { name: 'Talk' }).click();
  await page.getByRole('button', { name: 'Text only' }).click();
};

const agentTurns = (page: Page) => transcriptOf(page).getByText(/^Agent/);

test('a killed agent is replaced within ten seconds, without ever having two', async ({ page }) => {
  const person = await newPerson('bereft');
  await signIn(page, person);
  await startTyping(page);
  await expect(agentTurns(page)).toHaveCount(1, { timeout: 15_000 });
  await say(page, 'tell me a long story');
  await expect(agentTurns(page)).toHaveCount(2, { timeout: 15_000 });
  const [before] = await agentsWith(person);
  expect(before).toBeDefined();

  // The conversation's process and the warm one die together, as when memory runs out.
  const jobs = childrenOf(pidOf('worker'));
  const killedAt = Date.now();
  for (const job of jobs) process.kill(job, 'SIGKILL');
  let most = 0;
  await expect
    .poll(
      async () => {
        const agents = await agentsWith(person);
        most = Math.max(most, agents.length);
        return agents.length === 1 && agents[0] !== before;
      },
      { timeout: 20_000, intervals: [100] },
    )
    .toBe(true);
  expect(Date.now() - killedAt).toBeLessThan(PROMISED_MS);
  expect(most).toBe(1);
  await say(page, 'hello');
  await expect(agentTurns(page)).not.toHaveCount(2, { timeout: 10_000 });
});

test('a user who joins before a worker is up gets an agent once it starts', async ({ page }) => {
  const person = await newPerson('early');
  await signIn(page, person);
  process.kill(pidOf('worker'), 'SIGKILL');
  await startTyping(page);
  await expect(agentTurns(page).first()).toBeVisible({ timeout: 30_000 });
  expect(await agentsWith(person)).toHaveLength(1);
});
