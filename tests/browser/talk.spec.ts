import { expect, test } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { complaintsOf } from '../support/browser/complaints.ts';
import { addDemoServer, newPerson } from '../support/person.ts';
import { pidOf } from '../support/processes.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';
import { PATIENCE, say, startTyping, transcriptOf } from '../support/browser/typed-talk.ts';

test.use({ launchOptions: browserOptions(['--use-fake-device-for-media-stream']) });

test('a tool call shows its arguments and result, and the history keeps them until deleted', async ({
  page,
}) => {
  const complaints = complaintsOf(page);
  const person = await newPerson('curious');
  await addDemoServer(person, 'clock');
  await signIn(page, person);
  await startTyping(page);
  await say(page, 'what time is it in Tokyo');
  const transcript = transcriptOf(page);
  await expect(transcript.getByText('city: "Tokyo"')).toBeVisible(PATIENCE);
  const result = page.getByRole('group', { name: 'Result of clock__current_time' });
  await expect(result).toBeHidden();
  await transcript.getByText('Result', { exact: true }).click();
  await expect(result).toContainText(/It is \d+:\d+ [AP]M in Tokyo/);
  // The question may have interrupted the greeting.
  const answer = transcript.getByRole('paragraph').filter({ hasText: /It is \d+:\d+ [AP]M in Tokyo/ });
  await expect(answer).toBeVisible(PATIENCE);
  await page.getByRole('button', { name: 'End', exact: true }).click();

  await page.getByRole('link', { name: 'History' }).click();
  await page.getByRole('link', { name: 'what time is it in Tokyo' }).click();
  await page.waitForURL(/\/conversations\/./);
  const record = page.getByRole('list', { name: 'Transcript' });
  // The worker stores the last messages after the conversation has ended.
  await expect(async () => {
    await page.reload();
    await expect(record.getByText('what time is it in Tokyo')).toBeVisible();
    await expect(record.getByText('city: "Tokyo"')).toBeVisible();
    await expect(page.getByText('Delete…')).toBeVisible();
  }).toPass(PATIENCE);
  await page.getByText('Delete…').click();
  await page.getByRole('button', { name: 'Delete this conversation' }).click();
  await expect(page.getByRole('heading', { name: 'No conversations yet' })).toBeVisible();
  const left = await person.client.from('voice_transcripts').select('id');
  expect(left.data).toEqual([]);
  expect(complaints).toEqual([]);
});

test('disabling and enabling a server during a conversation is noted in the transcript', async ({ page }) => {
  const person = await newPerson('switcher');
  await addDemoServer(person, 'clock');
  await signIn(page, person);
  await startTyping(page);
  const bay = page.getByRole('region', { name: 'Servers and tools in this conversation' });
  await addDemoServer(person, 'notes');
  const tools = bay.getByText(/2 tools/);
  await expect(tools).toContainText('+2 new', PATIENCE);
  await expect(bay.getByRole('meter', { name: "Tokens used by notes's tools" })).toBeVisible();
  await tools.click();
  await expect(bay.getByText('add_note', { exact: true })).toBeVisible();
  await bay.getByRole('switch', { name: 'Enable clock' }).click();
  await expect(transcriptOf(page).getByText('clock removed: −3 tools')).toBeVisible(PATIENCE);
  await bay.getByRole('switch', { name: 'Enable clock' }).click();
  await expect(transcriptOf(page).getByText('clock added: +3 tools')).toBeVisible(PATIENCE);
  await page.getByRole('button', { name: 'End', exact: true }).click();
});

test('a conversation survives a lost network connection, and the page reports it', async ({
  page,
  context,
}) => {
  const person = await newPerson('traveller');
  await addDemoServer(person, 'clock');
  await signIn(page, person);
  await startTyping(page);
  await context.setOffline(true);
  await expect(page.getByText("You're offline.")).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText("You're offline.")).toBeHidden();

  process.kill(pidOf('livekit'), 'SIGKILL');
  await expect(page.getByText('Connection lost.')).toBeVisible(PATIENCE);
  await expect(page.getByText('Connection lost.')).toBeHidden(PATIENCE);
  await expect(async () => {
    await say(page, 'what time is it in Paris');
    await expect(transcriptOf(page).getByText('city: "Paris"').first()).toBeVisible({ timeout: 8_000 });
  }).toPass({ timeout: 90_000 });
  await page.getByRole('button', { name: 'End', exact: true }).click();
});

test.describe('with a microphone', () => {
  test.use({ permissions: ['microphone'] });

  test('the microphone is selected during a conversation and remembered', async ({ page }) => {
    await signIn(page, await newPerson('chooser'));
    await page.goto(`${runningStack().web_url}/talk`);
    await page.getByRole('button', { name: 'Start talking' }).click();
    await page.getByRole('button', { name: 'Mute', exact: true }).click(PATIENCE);
    await page.getByLabel('Microphone and speaker').click();
    const choice = page.getByRole('combobox', { name: 'Microphone' });
    const [, second = ''] = await choice.getByRole('option').allTextContents();
    await choice.selectOption({ label: second });
    await page.reload();
    await page.getByRole('button', { name: 'Start talking' }).click();
    await page.getByLabel('Microphone and speaker').click(PATIENCE);
    await expect(choice.locator('option:checked')).toHaveText(second);
    await page.getByRole('button', { name: 'End', exact: true }).click();
  });
});

test('a conversation starts with typing while the microphone prompt is open', async ({ page }) => {
  await page.addInitScript(() => {
    // LiveKit may ask twice in a row: one answer holds until the next prompt.
    let prompt = Promise.withResolvers<MediaStream>();
    navigator.mediaDevices.getUserMedia = () => prompt.promise;
    Object.assign(window, {
      refuseMicrophone: (name: string) => prompt.reject(new DOMException('', name)),
      giveMicrophone: () => prompt.resolve(new AudioContext().createMediaStreamDestination().stream),
      promptAgain: () => (prompt = Promise.withResolvers<MediaStream>()),
    });
  });
  const answer = (script: string) => page.evaluate(script);
  await signIn(page, await newPerson('thinker'));
  await page.goto(`${runningStack().web_url}/talk`);
  await page.getByRole('button', { name: 'Start talking' }).click();
  await expect(page.getByText('Your browser is asking to use the microphone.')).toBeVisible(PATIENCE);
  await say(page, 'hello');
  await expect(
    transcriptOf(page)
      .getByText(/^Agent/)
      .first(),
  ).toBeVisible(PATIENCE);
  for (const [name, words] of [
    ['NotAllowedError', 'Microphone access denied.'],
    ['NotFoundError', 'No microphone found.'],
    ['NotReadableError', 'Another app is using the microphone.'],
  ] as const) {
    await answer(`refuseMicrophone('${name}')`);
    await expect(page.getByText(words)).toBeVisible();
    await answer('void promptAgain()');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByText('Waiting for microphone')).toBeVisible();
  }
  await answer('giveMicrophone()');
  await expect(page.getByRole('button', { name: 'Mute', exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'End', exact: true }).click();

  await answer('void promptAgain()');
  await page.getByRole('button', { name: 'Start talking' }).click();
  await expect(page.getByText('Waiting for microphone')).toBeVisible();
  await page.getByRole('button', { name: 'End', exact: true }).click();
  await answer('giveMicrophone()');
  await expect(page.getByRole('button', { name: 'Start talking' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Mute', exact: true })).toBeHidden();
});

test('when microphone access is denied, the page says what to do and typing still works', async ({
  page,
}) => {
  await signIn(page, await newPerson('quiet'));
  await page.goto(`${runningStack().web_url}/talk`);
  await page.getByRole('button', { name: 'Start talking' }).click();
  await expect(page.getByText('Microphone access denied.')).toBeVisible(PATIENCE);
  await say(page, 'hello');
  await expect(
    transcriptOf(page)
      .getByText(/^Agent/)
      .first(),
  ).toBeVisible(PATIENCE);
  await page.getByRole('button', { name: 'End', exact: true }).click();
});
