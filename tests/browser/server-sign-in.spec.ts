import { expect, test, type Page } from '@playwright/test';
import { startGuardedServer, type GuardedServer } from '../support/servers/authorization-server.ts';
import { browserOptions } from '../support/browser/browser.ts';
import { newPerson } from '../support/person.ts';
import { startExampleServer } from '../support/servers/example-sign-in.ts';
import { addServer, invoke } from '../support/rest-api.ts';
import { demoServer, runningStack } from '../support/running-stack.ts';
import { signInTo } from '../support/sign-in-by-function.ts';
import { signIn } from '../support/browser/sign-in.ts';
import { PATIENCE, say, startTyping, transcriptOf } from '../support/browser/typed-talk.ts';

test.use({ launchOptions: browserOptions() });

let guarded: GuardedServer;
test.beforeAll(async () => {
  guarded = await startGuardedServer();
});
test.afterAll(() => guarded.close());

async function leave(page: Page, host: string | RegExp = new URL(guarded.issuer).host): Promise<void> {
  const onward = page.getByRole('link', { name: /^Continue to/ }).filter({ hasText: host });
  await expect(onward).toBeFocused();
  await onward.press('Enter');
}

async function logIn(page: Page): Promise<void> {
  await page.waitForURL(`${guarded.issuer}/**`);
  await page.getByPlaceholder('Enter any login').fill('ada');
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
}

test('a user adds an OAuth server, cancels the sign-in, signs in and signs out', async ({ page }) => {
  const { web_url } = runningStack();
  await signIn(page, await newPerson('signer'));
  await page.goto(`${web_url}/servers/new`);
  await page.getByLabel('URL').fill(guarded.url);
  await page.getByLabel('Name', { exact: true }).fill('Tickets');
  await page.getByRole('button', { name: /^Test/ }).click();
  await page.getByRole('button', { name: 'Sign in with OAuth' }).click();
  await expect(page.getByLabel('Authentication')).toHaveValue('oauth');
  await page.getByRole('button', { name: /^Save/ }).click();

  await expect(page.getByRole('heading', { name: 'Sign in to Tickets' })).toBeVisible();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await leave(page);
  await page.waitForURL(`${guarded.issuer}/**`);
  await page.getByRole('link', { name: /cancel/i }).click();
  await expect(page.getByRole('heading', { name: 'Sign-in to the server failed' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText("denied on the server's page");
  expect(new URL(page.url()).search).toBe('');

  await page.getByRole('link', { name: 'Go to servers' }).click();
  const row = page.getByRole('listitem').filter({ hasText: 'Tickets' });
  await expect(row.getByText('Needs sign-in')).toBeVisible();
  await page.getByRole('link', { name: 'Tickets', exact: true }).click();
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await leave(page);
  await logIn(page);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('Signed in to Tickets.')).toBeVisible();
  await expect(page.getByRole('status', { name: 'Status: Connected' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Try who_am_i' })).toBeVisible();
  expect(page.url()).not.toContain('code=');

  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Sign out of Tickets' }).click();
  await expect(page.getByRole('heading', { name: 'Tickets', exact: true })).toBeVisible();
  await expect(page.getByRole('status', { name: 'Status: Connected' })).toBeHidden();
  await expect(page.getByText('The sign-in service revoked it.')).toBeVisible();
  expect(guarded.revocations).toBe(1);
});

test('a tool that needs more permissions leads to a consent page', async ({ page }) => {
  const person = await newPerson('writer');
  const serverId = await addServer(person, { name: 'Tickets', url: guarded.url, auth_method: 'oauth' });
  await signInTo(person, serverId, 'ada');
  await invoke(person, 'discover-tools', { server_id: serverId });
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/servers/${serverId}`);
  const comment = page.getByRole('group', { name: 'Try post_comment' });
  const beginSignIn = async () => {
    await page.getByRole('link', { name: 'Sign in', exact: true }).click();
    await expect(page.getByText('Some tools need more permissions.')).toBeVisible();
    await page.getByRole('button', { name: /^Sign in/ }).click();
    await leave(page);
    await page.waitForURL(`${guarded.issuer}/**`);
  };

  await page.getByRole('button', { name: 'Try post_comment' }).click();
  await comment.getByRole('button', { name: 'Call' }).click();
  await expect(comment.getByText("Your sign-in doesn't include the permissions")).toBeVisible();

  await beginSignIn();
  await page.getByRole('link', { name: /cancel/i }).click();
  await page.getByRole('link', { name: 'Go back' }).click();
  await expect(page.getByRole('status', { name: 'Status: Connected' })).toBeVisible();
  await page.getByRole('button', { name: 'Try who_am_i' }).click();
  const who = page.getByRole('group', { name: 'Try who_am_i' });
  await who.getByRole('button', { name: 'Call' }).click();
  await expect(who.getByText('You are ada.').first()).toBeVisible();

  await beginSignIn();
  await logIn(page);
  await expect(page.getByText('write', { exact: true }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('status', { name: 'Status: Connected' })).toBeVisible();
  await page.getByRole('button', { name: 'Try post_comment' }).click();
  await comment.getByRole('button', { name: 'Call' }).click();
  await expect(comment.getByText('Posted.').first()).toBeVisible();
});

test('a user grants more permissions in another tab during a conversation', async ({ page }) => {
  const person = await newPerson('commenter');
  const serverId = await addServer(person, { name: 'Tickets', url: guarded.url, auth_method: 'oauth' });
  await signInTo(person, serverId, 'ada');
  await invoke(person, 'discover-tools', { server_id: serverId });
  await signIn(page, person);
  await startTyping(page);
  const transcript = transcriptOf(page);
  await say(page, 'post comment');
  const said = (words: RegExp) => transcript.getByRole('paragraph').filter({ hasText: words }).last();
  await expect(said(/Tickets server needs you to approve more permissions/)).toBeVisible(PATIENCE);

  const opened = page.waitForEvent('popup');
  await transcript.getByRole('link', { name: 'Sign in again to grant more permissions' }).click();
  const other = await opened;
  await other.bringToFront();
  await other.getByRole('button', { name: 'Sign in again' }).click();
  await leave(other);
  await logIn(other);
  await other.getByRole('button', { name: 'Continue' }).click();
  await expect(other.getByText('Signed in to Tickets.')).toBeVisible();
  await other.close();

  await say(page, 'post comment');
  await expect(said(/Posted/)).toBeVisible(PATIENCE);
});

test('sign-in works with the MCP SDK example server, which has no refresh or revocation', async ({
  page,
}) => {
  const example = await startExampleServer();
  const person = await newPerson('example');
  const serverId = await addServer(person, { name: 'Example', url: example.url, auth_method: 'oauth' });
  const state = (word: string) => page.getByRole('status', { name: `Status: ${word}` });
  const signInHere = async () => {
    await page.getByRole('link', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: /^Sign in/ }).click();
    await leave(page, /127\.0\.0\.1:\d+$/);
    await expect(page.getByText('Signed in to Example.')).toBeVisible();
    await expect(state('Connected')).toBeVisible();
  };
  try {
    await signIn(page, person);
    await page.goto(`${runningStack().web_url}/servers/${serverId}`);
    await signInHere();
    await page.getByRole('button', { name: 'Try who_am_i' }).click();
    const who = page.getByRole('group', { name: 'Try who_am_i' });
    await who.getByRole('button', { name: 'Call' }).click();
    await expect(who.getByText('You are whoever came.').first()).toBeVisible();

    example.endTokens();
    await page.getByRole('button', { name: 'Reconnect' }).click();
    await expect(state('Needs sign-in')).toBeVisible();
    await signInHere();
    await page.getByRole('link', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Sign out of Example' }).click();
    await expect(page.getByText('Patchbay deleted the sign-in.')).toBeVisible();
  } finally {
    await example.close();
  }
});

test('server sign-in works without JavaScript', async ({ browser }) => {
  const person = await newPerson('plain');
  const serverId = await addServer(person, { name: 'Tickets', url: guarded.url, auth_method: 'oauth' });
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/servers/${serverId}/sign-in`);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('link', { name: /^Continue to/ }).click();
  await logIn(page);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText(/^Signed in to/)).toBeVisible();
  await context.close();
});

test("a member's own key is saved, replaced and removed without JavaScript", async ({ browser }) => {
  const person = await newPerson('keeper');
  const { url, credential = '' } = demoServer('notes');
  const notes = { name: 'Notes', url, auth_method: 'api_key', credential_scope: 'member' } as const;
  const serverId = await addServer(person, notes);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/servers/${serverId}`);
  const state = (word: string) => page.getByRole('status', { name: `Status: ${word}` });
  await expect(state('Needs a key')).toBeVisible();
  await page.getByLabel('API key', { exact: true }).fill('sk-wrong');
  await page.getByRole('button', { name: 'Save key' }).click();
  await expect(state('Needs sign-in')).toBeVisible();
  await page.getByLabel('New API key').fill(credential);
  await page.getByRole('button', { name: 'Replace key' }).click();
  await expect(state('Connected')).toBeVisible();
  expect(await page.content()).not.toContain(credential);
  await page.getByRole('button', { name: 'Remove key' }).click();
  await expect(state('Needs a key')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save key' })).toBeVisible();
  await context.close();
});

test('the talk page links to servers that need sign-in', async ({ page }) => {
  const person = await newPerson('talking');
  const serverId = await addServer(person, { name: 'Tickets', url: guarded.url, auth_method: 'oauth' });
  await person.client.functions.invoke('discover-tools', { body: { server_id: serverId } });
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/talk`);
  await expect(page.getByText('Tickets needs you to sign in.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Sign in to Tickets' })).toHaveAttribute('target', '_blank');
});
