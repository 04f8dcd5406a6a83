import { expect, test, type Page } from '@playwright/test';
import { z } from 'zod';
import { browserOptions } from '../support/browser/browser.ts';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, invoke, personalWorkspace } from '../support/rest-api.ts';
import { demoServer, runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

const Invitation = z.object({ token: z.string() });
const Row = z.object({ credential_held_since: z.string().nullable(), has_credential: z.boolean() });

async function addKeyed(holder: Person): Promise<{ id: string; moved: string }> {
  const { url } = demoServer('notes');
  const id = await addServer(holder, { name: 'Keyed', url, auth_method: 'api_key' });
  await invoke(holder, 'server-credential', { server_id: id, credential: 'sk-of-the-workspace' });
  return { id, moved: `${url}?tenant=2` };
}

async function rowOf(person: Person, id: string): Promise<z.infer<typeof Row>> {
  const { data } = await person.client
    .from('mcp_servers')
    .select('credential_held_since, has_credential')
    .eq('id', id)
    .single();
  return Row.parse(data);
}

async function changeUrl(page: Page, id: string, url: string): Promise<void> {
  await page.goto(`${runningStack().web_url}/servers/${id}/edit`);
  await page.getByLabel('URL', { exact: true }).fill(url);
}

test('when someone else changes the path, the key holder is notified and confirms it', async ({
  page,
  browser,
}) => {
  const [holder, admin] = await Promise.all([newPerson('holder'), newPerson('admin')]);
  const { id, moved } = await addKeyed(holder);
  const args = { p_workspace_id: await personalWorkspace(holder), p_role: 'admin' };
  const { token } = Invitation.parse((await holder.client.rpc('create_invitation', args)).data);
  await admin.client.rpc('accept_invitation', { p_token: token });

  await signIn(page, admin);
  await changeUrl(page, id, moved);
  await expect(page.getByText('Someone else entered this key')).toBeVisible();
  await expect(page.getByRole('checkbox', { name: /^Use the stored key/ })).toHaveCount(0);
  await page.getByRole('button', { name: /^Save/ }).click();
  await expect.poll(async () => (await rowOf(holder, id)).credential_held_since).not.toBeNull();
  await page.goto(`${runningStack().web_url}/servers/${id}`);
  const waiting = page.getByRole('region', { name: 'This key needs confirmation' });
  await expect(waiting.getByText(`until ${holder.email} confirms`)).toBeVisible();
  await expect(waiting.getByRole('button')).toHaveCount(0);

  const context = await browser.newContext();
  const own = await context.newPage();
  await signIn(own, holder);
  await own.goto(`${runningStack().web_url}/notices`);
  await expect(own.getByText('Confirm the new URL of Keyed')).toBeVisible();
  await own.goto(`${runningStack().web_url}/servers/${id}`);
  const asked = own.getByRole('region', { name: 'This key needs confirmation' });
  await expect(asked.getByText(moved)).toBeVisible();
  await asked.getByRole('button', { name: 'Use the key at this URL' }).click();
  await expect(asked).toBeHidden();
  expect(await rowOf(holder, id)).toEqual({ credential_held_since: null, has_credential: true });
  await context.close();
});

test('the edit form asks the key holder to confirm a new URL', async ({ page }) => {
  const holder = await newPerson('holder');
  const { id, moved } = await addKeyed(holder);
  await signIn(page, holder);
  await changeUrl(page, id, moved);
  await page.getByRole('checkbox', { name: /^Use the stored key/ }).check();
  await page.getByRole('button', { name: /^Save/ }).click();
  await expect.poll(async () => (await rowOf(holder, id)).credential_held_since).toBeNull();
  await changeUrl(page, id, `${moved}&x=1`);
  await page.getByRole('button', { name: /^Save/ }).click();
  await expect.poll(async () => (await rowOf(holder, id)).credential_held_since).not.toBeNull();
});
