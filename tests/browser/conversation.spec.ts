import { chromium, expect, test, type Browser, type Locator, type Page } from '@playwright/test';
import { heardMs, listen } from '../support/browser/agent-voice.ts';
import { browserOptions } from '../support/browser/browser.ts';
import { fakeMicrophone } from '../support/browser/microphone.ts';
import { modelTools } from '../support/model-view.ts';
import { emptyNotebook } from '../support/servers/notebook.ts';
import { addDemoServer, deleteServer, newPerson, type Person } from '../support/person.ts';
import { pidOf } from '../support/processes.ts';
import { demoServer, runningStack } from '../support/running-stack.ts';

test.describe.configure({ mode: 'serial' });

test.describe('one conversation', () => {
  let person: Person;
  let browser: Browser;
  let page: Page;
  let transcript: Locator;
  let notesId: string;

  test.beforeAll(async () => {
    await emptyNotebook();
    person = await newPerson('speaker');
    await addDemoServer(person, 'clock');
    // Nine seconds of silence let the greeting end first.
    const microphone = await fakeMicrophone([9, 'what time is it in tokyo']);
    browser = await chromium.launch(browserOptions(microphone));
    page = await browser.newPage();
    await listen(page);
    await page.goto(`${runningStack().web_url}/sign-in`);
    await page.getByLabel('Email').fill(person.email);
    await page.getByLabel('Password').fill(person.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name: 'Talk' }).click();
    transcript = page.getByRole('log', { name: 'Transcript' });
  });
  test.afterAll(async () => {
    await browser.close();
    await emptyNotebook();
  });

  const said = (words: string | RegExp): Locator =>
    transcript.getByRole('paragraph').filter({ hasText: words });

  const type = async (words: string): Promise<void> => {
    const field = page.getByRole('textbox', { name: 'Type a message' });
    await field.fill(words);
    await field.press('Enter');
  };

  test('the agent greets, hears a question about Tokyo and speaks the answer', async () => {
    await page.getByRole('button', { name: 'Start talking' }).click();
    await expect.poll(() => heardMs(page, 5_000), { timeout: 15_000 }).toBeGreaterThan(500);
    await expect(said('what time is it in tokyo')).toBeVisible({ timeout: 30_000 });
    await expect(said(/\d+:\d+ [AP]M in tokyo/i)).toBeVisible({ timeout: 15_000 });
    await expect.poll(() => heardMs(page, 3_000), { timeout: 10_000 }).toBeGreaterThan(500);
  });

  test('the agent uses a server added by REST during the conversation', async () => {
    notesId = await addDemoServer(person, 'notes');
    await expect.poll(modelTools, { timeout: 15_000 }).toContain('notes__add_note');
    await type('add a note: buy milk');
    await expect(said(/wrote down: buy milk/i)).toBeVisible({ timeout: 15_000 });
  });

  test('the agent uses a tool that the server added later', async () => {
    await expect.poll(modelTools, { timeout: 15_000 }).toContain('notes__read_latest_note');
    await type('read the latest note');
    await expect(said(/the latest note says: buy milk/i)).toBeVisible({ timeout: 15_000 });
  });

  test('the agent keeps speaking while a server is deleted, then says it is unavailable', async () => {
    await expect.poll(() => heardMs(page, 1_000), { timeout: 20_000 }).toBe(0);
    await type('tell me a long story');
    await expect.poll(() => heardMs(page, 2_000), { timeout: 15_000 }).toBeGreaterThan(800);
    await deleteServer(person, notesId);
    await expect.poll(modelTools, { timeout: 15_000 }).not.toContain('notes__add_note');
    await expect.poll(() => heardMs(page, 2_000), { timeout: 4_000 }).toBeGreaterThan(800);
    // Typing interrupts the agent.
    await type('add a note: buy bread');
    await expect(said(/add note is not available now/i)).toBeVisible({ timeout: 15_000 });
  });

  test('the agent reports a server that crashes during a tool call, and uses it again after it recovers', async () => {
    await type('countdown of 30 seconds');
    await expect(transcript.getByText(/countdown/i).last()).toBeVisible();
    await expect(transcript.getByText(/\d+ seconds left/)).toBeVisible();
    await expect(transcript.getByRole('progressbar')).toBeVisible();
    await expect.poll(() => heardMs(page, 1_000), { timeout: 20_000 }).toBe(0);
    process.kill(pidOf('clock'), 'SIGKILL');
    await expect(said(/the clock server (isn't|can't|stopped|lost)/i).last()).toBeVisible({
      timeout: 10_000,
    });
    await expect
      .poll(
        () =>
          fetch(demoServer('clock').url).then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true);
    await type('what time is it in Paris');
    await expect(said(/\d+:\d+ [AP]M in paris/i)).toBeVisible({ timeout: 20_000 });
  });
});
