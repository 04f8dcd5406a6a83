import { expect, test, type Page } from '@playwright/test';
import { z } from 'zod';
import { browserOptions } from '../support/browser/browser.ts';
import { startDifficultServer, type DifficultServer } from '../support/servers/difficult-server.ts';
import { newPerson } from '../support/person.ts';
import { addServer, personalWorkspace } from '../support/rest-api.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

const Invitation = z.object({ token: z.string() });
const CLAIMED = 'https://login.difficult.example';

let server: DifficultServer;
test.beforeEach(async () => {
  server = await startDifficultServer();
  server.issuer = CLAIMED;
});
test.afterEach(() => server.close());

async function openSignIn(page: Page, serverId: string): Promise<void> {
  await page.goto(`${runningStack().web_url}/servers/${serverId}/sign-in`);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

test('an owner confirms an issuer that differs from the expected one, and signs in', async ({ page }) => {
  const person = await newPerson('accepting');
  const serverId = await addServer(person, { name: 'Difficult', url: server.url, auth_method: 'oauth' });
  await signIn(page, person);
  await openSignIn(page, serverId);
  const question = page.getByRole('region', { name: 'Is this the right sign-in service?' });
  await expect(question.getByText(server.origin, { exact: true })).toBeVisible();
  await expect(question.getByText(CLAIMED, { exact: true })).toBeVisible();
  await question.getByRole('button', { name: 'Accept for Difficult and sign in' }).click();
  await expect(question).toBeVisible();
  await question.getByRole('checkbox').check();
  await question.getByRole('button', { name: 'Accept for Difficult and sign in' }).click();
  await page.getByRole('link', { name: /^Continue to/ }).click();
  await expect(page.getByText('Signed in to Difficult.')).toBeVisible();
  await expect(page.getByText(/^Accepted issuer of Difficult added/)).toBeVisible();

  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await expect(page.getByText(`accepted the issuer ${CLAIMED}`)).toBeVisible();
  await page.getByRole('button', { name: 'Stop accepting' }).click();
  await page.getByRole('button', { name: /^Sign in/ }).click();
  await expect(question).toBeVisible();
});

test('a member sees that an owner or admin has to accept a differing issuer', async ({ page }) => {
  const [owner, member] = await Promise.all([newPerson('owner'), newPerson('member')]);
  const workspaceId = await personalWorkspace(owner);
  const args = { p_workspace_id: workspaceId, p_role: 'member' };
  const { token } = Invitation.parse((await owner.client.rpc('create_invitation', args)).data);
  await member.client.rpc('accept_invitation', { p_token: token });
  const url = { name: 'Difficult', url: server.url, auth_method: 'oauth' } as const;
  const serverId = await addServer(owner, { ...url, credential_scope: 'member' });
  await signIn(page, member);
  await openSignIn(page, serverId);
  const question = page.getByRole('region', { name: 'Is this the right sign-in service?' });
  await expect(question.getByText('An owner or admin of the workspace can accept this.')).toBeVisible();
  await expect(question.getByRole('button')).toHaveCount(0);
});

test('accepting an issuer works without JavaScript', async ({ browser }) => {
  const person = await newPerson('plain');
  const serverId = await addServer(person, { name: 'Difficult', url: server.url, auth_method: 'oauth' });
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, person);
  await openSignIn(page, serverId);
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Accept for Difficult and sign in' }).click();
  await page.getByRole('link', { name: /^Continue to/ }).click();
  await expect(page.getByText(/^Signed in to/)).toBeVisible();
  await context.close();
});
