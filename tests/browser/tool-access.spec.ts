import { expect, test, type Page } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { newPerson } from '../support/person.ts';
import { personalWorkspace, serviceClient } from '../support/rest-api.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';
import { plainTool, startToolServer, type ToolServer } from '../support/servers/tool-server.ts';

test.use({ launchOptions: browserOptions() });

let server: ToolServer;
test.beforeAll(async () => {
  server = await startToolServer([
    { ...plainTool('report'), annotations: { readOnlyHint: true } },
    plainTool('wipe'),
  ]);
});
test.afterAll(() => server.close());

const card = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Tools' }).getByRole('listitem').filter({ hasText: name });

test('a user sets trust and tool access, and viewers can use read-only tools', async ({ page, browser }) => {
  const owner = await newPerson('owner');
  await signIn(page, owner);
  await page.goto(`${runningStack().web_url}/servers/new`);
  await page.getByLabel('URL').fill(server.url);
  await page.getByLabel('Name', { exact: true }).fill('Workshop');
  const trust = page.getByRole('checkbox', { name: /Trust this server's tool annotations/ });
  await expect(trust).not.toBeChecked();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('link', { name: 'Workshop' }).first().click();

  await expect(card(page, 'report').locator('.tag', { hasText: 'write' })).toBeVisible();
  await card(page, 'wipe').getByText('No arguments').click();
  await card(page, 'wipe').getByLabel('Access').selectOption('destructive');
  await expect(card(page, 'wipe').locator('.tag', { hasText: 'destructive' })).toBeVisible();

  const workspace_id = await personalWorkspace(owner);
  const viewer = await newPerson('viewer');
  await serviceClient()
    .from('workspace_members')
    .insert({ workspace_id, user_id: viewer.id, role: 'viewer' })
    .throwOnError();
  const guest = await browser.newPage();
  await signIn(guest, viewer);
  await guest.request.post(`${runningStack().web_url}/workspace/switch`, {
    form: { workspace: workspace_id },
    headers: { origin: runningStack().web_url },
  });
  await guest.goto(page.url());
  await expect(card(guest, 'report').getByText('Viewers can only call read-only tools.')).toBeVisible();
  await owner.client.from('mcp_servers').update({ trusts_hints: true }).eq('name', 'Workshop').throwOnError();
  await guest.reload();
  await expect(card(guest, 'wipe').getByText('Viewers can only call read-only tools.')).toBeVisible();
  await card(guest, 'report').getByRole('button', { name: 'Try report' }).click();
  await guest.getByRole('group', { name: 'Try report' }).getByRole('button', { name: 'Call' }).click();
  await expect(guest.getByRole('region', { name: 'Output' })).toHaveText('Done.');
});
