import { expect, test } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { addServer, newPerson } from '../support/person.ts';
import { signIn } from '../support/browser/sign-in.ts';
import { plainTool, startToolServer, type ToolServer } from '../support/servers/tool-server.ts';
import { PATIENCE, say, startTyping, transcriptOf } from '../support/browser/typed-talk.ts';

test.use({ launchOptions: browserOptions(['--use-fake-device-for-media-stream']) });

let server: ToolServer | undefined;
test.afterEach(() => server?.close());

test('content for the user only is shown but not spoken', async ({ page }) => {
  server = await startToolServer([plainTool('read_code')], {
    content: [
      { type: 'text', text: 'The code is 4711.', annotations: { audience: ['user'] } },
      { type: 'text', text: 'It is on the screen.' },
    ],
  });
  const person = await newPerson('audience');
  await addServer(person, 'lab', server.url);
  await signIn(page, person);
  await startTyping(page);
  await say(page, 'read the code');
  const result = page.getByRole('group', { name: 'Result of lab__read_code' });
  await expect(result).toContainText('The code is 4711.', PATIENCE);
  await expect(result).toBeVisible();
  const said = transcriptOf(page).getByRole('paragraph');
  await expect(said.filter({ hasText: 'It is on the screen.' })).toBeVisible(PATIENCE);
  await expect(said.filter({ hasText: '4711' })).toHaveCount(0);
});
