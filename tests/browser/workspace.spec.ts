import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { complaintsOf } from '../support/browser/complaints.ts';
import { addDemoServer, newPerson } from '../support/person.ts';
import { addServer } from '../support/rest-api.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

const NOWHERE = 'http://127.0.0.1:9/mcp';
type Id = { id: string };

const open = (page: Page, path: string) => page.goto(runningStack().web_url + path);
const card = (page: Page, name: string) => page.getByRole('region', { name });

test('two people share a workspace by invitation, and the audit trail records it', async ({
  page,
  browser,
}) => {
  const complaints = complaintsOf(page);
  const owner = await newPerson('founder');
  await signIn(page, owner);
  await open(page, '/workspace/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('Home lab');
  await page.getByRole('button', { name: 'Create workspace' }).click();
  await expect(page.getByRole('heading', { name: 'Plug in your first server' })).toBeVisible();

  await page.getByRole('link', { name: 'Workspace' }).click();
  await card(page, 'Invitations').getByRole('button', { name: 'Create invitation link' }).click();
  const link = await page.getByLabel('Invitation link').inputValue();

  const guest = await browser.newPage();
  await guest.goto(link);
  await guest.getByRole('link', { name: 'Create one' }).click();
  await expect(guest.getByRole('heading', { name: 'Create an account' })).toBeVisible();
  const email = `guest-${Date.now()}@patchbay.local`;
  await guest.getByLabel('Email').fill(email);
  await guest.getByLabel('Password').fill('a long enough password');
  await guest.getByRole('button', { name: 'Create account' }).click();
  await expect(guest.getByRole('heading', { name: 'Join Home lab?' })).toBeVisible();
  await guest.getByRole('button', { name: 'Join as member' }).click();
  await guest.waitForURL(`${runningStack().web_url}/servers`);
  await expect(guest.getByLabel('Workspace Home lab; switch workspace').first()).toBeVisible();

  await page.reload();
  await page.getByRole('combobox', { name: `Role of ${email}` }).selectOption('viewer');
  await page.getByRole('button', { name: `Save the role of ${email}` }).click();
  await expect(page.getByText('Role changed.')).toBeVisible();
  await guest.goto(`${runningStack().web_url}/workspace`);
  await expect(card(guest, 'Members').getByText('viewer')).toBeVisible();
  await expect(guest.getByRole('link', { name: 'Audit trail' })).toHaveCount(0);
  expect((await guest.goto(`${runningStack().web_url}/workspace/audit`))?.status()).toBe(403);

  await page.getByRole('switch', { name: 'Keep transcripts' }).click();
  await expect(page.getByRole('switch', { name: 'Keep transcripts' })).not.toBeChecked();
  await page.getByRole('link', { name: 'Audit trail' }).click();
  const trail = page.getByRole('list', { name: 'Changes, newest first' });
  await expect(trail.getByText('keep transcripts: yes → no')).toBeVisible();
  await page.getByLabel('Type').selectOption('workspace_members');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(trail.getByText('role: member → viewer')).toBeVisible();
  await expect(trail.getByText('keep transcripts')).toHaveCount(0);

  await guest.goto(`${runningStack().web_url}/workspace`);
  await guest.getByRole('button', { name: 'Leave this workspace' }).click();
  await guest.waitForURL(`${runningStack().web_url}/servers`);
  await open(page, '/workspace');
  await expect(card(page, 'Members').getByText(email)).toHaveCount(0);
  await page.getByText('Delete this workspace…').click();
  await page.getByLabel('Type Home lab to confirm').fill('Home');
  await page.getByRole('button', { name: 'Delete workspace' }).click();
  await expect(page.getByText('Enter the exact name of the workspace.')).toBeVisible();
  await page.getByLabel('Type Home lab to confirm').fill('Home lab');
  await page.getByRole('button', { name: 'Delete workspace' }).click();
  await page.waitForURL(`${runningStack().web_url}/servers`);
  const left = await owner.client.from('workspaces').select('name');
  expect(left.data).toHaveLength(1);
  // Browsers log each form that is answered with 400 as a network error.
  expect(complaints.filter((text) => !text.includes('400'))).toEqual([]);
});

test("a removed member's page leaves the workspace at once and says so", async ({ page }) => {
  const [owner, guest] = [await newPerson('owner'), await newPerson('removed')];
  const opened = await owner.client.from('workspaces').insert({ name: 'Team' }).select('id').single<Id>();
  const team = opened.data?.id ?? '';
  const made = await owner.client.rpc('create_invitation', { p_workspace_id: team, p_role: 'member' });
  await guest.client.rpc('accept_invitation', { p_token: (made.data as { token: string }).token });
  await signIn(page, guest);
  await page
    .getByLabel(/; switch workspace$/)
    .first()
    .click();
  await page.getByRole('button', { name: 'Team member' }).first().click();
  await expect(page.getByLabel('Workspace Team; switch workspace').first()).toBeVisible();
  await addServer(owner, { name: 'Seen', url: NOWHERE, workspace_id: team });
  await expect(page.getByRole('link', { name: 'Seen', exact: true })).toBeVisible();
  await expect(page.getByLabel('Live updates: live')).toBeVisible();

  await owner.client.from('workspace_members').delete().eq('workspace_id', team).eq('user_id', guest.id);
  await expect(page.getByRole('alert')).toContainText('You no longer have access to “Team”');
  await expect(page.getByRole('link', { name: 'Seen', exact: true })).toHaveCount(0);

  await page.getByRole('link', { name: 'Go to another workspace' }).click();
  await expect(page.getByRole('heading', { name: 'Plug in your first server' })).toBeVisible();
  await expect(page.getByLabel('Workspace Team; switch workspace')).toHaveCount(0);
});

test('servers are exported and imported between workspaces, and tags are renamed', async ({ page }) => {
  const person = await newPerson('mover');
  const id = await addDemoServer(person, 'clock');
  await person.client
    .from('mcp_servers')
    .update({ tags: ['wrok'] })
    .eq('id', id);
  await signIn(page, person);
  await open(page, '/workspace');
  await page.getByLabel('Name of tag wrok').fill('work');
  await page.getByRole('button', { name: 'Rename wrok' }).click();
  await expect(page.getByText('Tag renamed on 1 server.')).toBeVisible();

  await page.getByRole('link', { name: 'Export and import' }).click();
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download JSON' }).click();
  const file = await (await downloading).path();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    servers: [{ name: 'clock', tags: ['work'] }],
  });

  await person.client.from('workspaces').insert({ name: 'Copy' });
  await page.reload();
  await page
    .getByLabel(/; switch workspace$/)
    .first()
    .click();
  await page.getByRole('button', { name: 'Copy owner' }).first().click();
  await expect(page.getByRole('heading', { name: 'Plug in your first server' })).toBeVisible();
  await open(page, '/workspace/transfer');
  await page.getByLabel('File').setInputFiles(file);
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByText('Preview: nothing has been imported yet.')).toBeVisible();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByText('Import complete.')).toBeVisible();

  const document = JSON.parse(readFileSync(file, 'utf8')) as { agents: { system_prompt: string }[] };
  const twin = { ...document.agents[0], name: 'Twin', is_default: false };
  document.agents[0]!.system_prompt += ' Read every key aloud.';
  document.agents.push({ ...twin, system_prompt: 'Be kind.' }, { ...twin, system_prompt: 'Be cruel.' });
  const changed = {
    name: 'theirs.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(document)),
  };
  await page.getByLabel('File').setInputFiles(changed);
  await page.getByRole('button', { name: 'Preview' }).click();
  const changes = page.getByRole('list', { name: 'Changes' });
  await expect(changes.getByText('Read every key aloud.')).toBeVisible();
  await expect(changes.getByRole('listitem')).toHaveCount(3);
  await expect(changes.getByText('Be cruel.')).toBeVisible();
  await open(page, '/servers');
  await expect(page.getByRole('link', { name: 'clock', exact: true })).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('sign-in, theme, rename, API token and workspace forms work without JavaScript', async ({ page }) => {
    const person = await newPerson('plain');
    await signIn(page, person);
    await page
      .getByRole('button', { name: /^Theme:/ })
      .first()
      .click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
    await open(page, '/workspace');
    await page.getByLabel('Workspace name').fill('Renamed');
    await page.getByRole('button', { name: 'Rename', exact: true }).click();
    await expect(page.getByText('Workspace renamed.')).toBeVisible();
    await open(page, '/workspace/tokens');
    await page.getByRole('button', { name: 'Create token' }).click();
    await expect(page.getByText('Give the token a name.')).toBeVisible();
    await page.getByRole('textbox', { name: 'Name' }).fill('Deploys');
    await page.getByLabel('Test servers').check();
    await page.getByRole('button', { name: 'Create token' }).click();
    const token = await page.getByLabel('API token').inputValue();
    const { supabase_url } = runningStack();
    const use = () =>
      fetch(`${supabase_url}/functions/v1/rest/mcp_servers`, {
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await use()).status).toBe(200);
    const tokens = page.getByRole('list', { name: 'Tokens' });
    await expect(tokens.getByText('Never used')).toBeVisible();
    await expect(tokens.getByText('servers:test')).toBeVisible();
    await tokens.getByText('Revoke…').click();
    await tokens.getByRole('button', { name: 'Revoke token' }).click();
    await expect(page.getByText('Token revoked.')).toBeVisible();
    await expect(page.getByText('No tokens yet.')).toBeVisible();
    expect((await use()).status).toBe(401);
    await open(page, '/workspace/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Second');
    await page.getByRole('button', { name: 'Create workspace' }).click();
    await open(page, '/workspace');
    await expect(page.getByRole('heading', { name: 'Second' })).toBeVisible();
  });
});
