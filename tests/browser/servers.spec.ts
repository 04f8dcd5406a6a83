import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { complaintsOf } from '../support/browser/complaints.ts';
import { addDemoServer, newPerson } from '../support/person.ts';
import { demoServer, runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
}

test('a new user signs up, corrects a wrong URL without retyping, and adds a first server', async ({
  page,
}) => {
  const complaints = complaintsOf(page);
  const { web_url, supabase_url } = runningStack();
  await page.goto(web_url);
  await page.getByRole('link', { name: 'Create one' }).click();
  await expect(page.getByRole('heading', { name: 'Create an account' })).toBeVisible();
  await page.getByLabel('Email').fill(`newcomer-${Date.now()}@patchbay.local`);
  await page.getByLabel('Password').fill('a long enough password');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { name: 'Plug in your first server' })).toBeVisible();
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Add your first server' }).click();
  await page.getByLabel('URL').fill('not an address');
  await page.getByLabel('Name', { exact: true }).fill('My clock');
  await page.getByLabel('Tags').fill('work, local');
  await page.getByRole('button', { name: /^Test/ }).click();
  await expect(page.getByText(/enter a full URL/i)).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('My clock');
  await expect(page.getByLabel('URL')).toHaveValue('not an address');

  const findings = page.getByRole('region', { name: 'Connection test' });
  await page.getByLabel('URL').fill(`${supabase_url}/nothing/here`);
  await page.getByRole('button', { name: /^Test/ }).click();
  await expect(findings.getByRole('listitem').filter({ hasText: /failed/ })).toHaveCount(1);
  await expect(findings.getByText(/check the path/i)).toBeVisible();
  await expect(page.getByLabel('Tags')).toHaveValue('work, local');
  await expectAccessible(page);

  await page.getByLabel('URL').fill(demoServer('clock').url);
  await page.getByRole('button', { name: /^Test/ }).click();
  await expect(findings.getByText('Connected: 3 tools found')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('listitem').filter({ hasText: 'My clock' });
  await expect(row.getByText('Connected')).toBeVisible();
  await expect(row.getByText('3 tools')).toBeVisible();
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

test('a server rejects a wrong key and accepts the right one, and its tools can be disabled', async ({
  page,
}) => {
  const complaints = complaintsOf(page);
  const notes = demoServer('notes');
  const person = await newPerson('keeper');
  await signIn(page, person);
  await page
    .getByRole('link', { name: 'Add server' })
    .or(page.getByRole('button', { name: 'Add your first server' }))
    .first()
    .click();
  await page.getByLabel('URL').fill(notes.url);
  await page.getByLabel('Name', { exact: true }).fill('Notes');
  await page.getByLabel('Authentication').selectOption('api_key');
  await page.getByLabel('Credential').fill('wrong');
  await page.getByRole('button', { name: /^Test/ }).click();
  const findings = page.getByRole('region', { name: 'Connection test' });
  await expect(findings.getByText(/rejected the credential/i)).toBeVisible();
  await page.getByLabel('Credential').fill(notes.credential ?? '');
  await page.getByRole('button', { name: 'Save' }).click();

  await page.getByRole('link', { name: 'Notes', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Notes' })).toBeVisible();
  expect(await page.content()).not.toContain(notes.credential);
  const tool = page.getByRole('switch', { name: /add_note/i });
  await expect(tool).toBeChecked();
  await tool.click();
  await expect(tool).not.toBeChecked();
  await expect
    .poll(async () => (await person.client.from('mcp_tools').select('name').eq('is_enabled', false)).data)
    .toEqual([{ name: 'add_note' }]);
  await page.reload();
  await expect(page.getByRole('switch', { name: /add_note/i })).not.toBeChecked();
  const pin = page.getByRole('button', { name: 'Pin add_note' });
  await expect(pin).toHaveAttribute('aria-pressed', 'false');
  await pin.focus();
  await page.keyboard.press('Enter');
  await expect(pin).toHaveAttribute('aria-pressed', 'true');
  await expect(pin).toBeFocused();
  await expect
    .poll(async () => (await person.client.from('mcp_tools').select('name').eq('is_pinned', true)).data)
    .toEqual([{ name: 'add_note' }]);
  await page.reload();
  await expect(pin).toHaveAttribute('aria-pressed', 'true');
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

test('the server list updates live, and a delete can be undone', async ({ page }) => {
  const person = await newPerson('watcher');
  await signIn(page, person);
  await expect(page.getByRole('status', { name: 'Live updates: live' })).toBeVisible();
  const id = await addDemoServer(person, 'clock');
  const row = page.getByRole('listitem').filter({ hasText: 'clock' });
  await expect(row).toBeVisible();
  const discovered = await person.client.functions.invoke('discover-tools', { body: { server_id: id } });
  expect(discovered.error).toBeNull();
  await expect(row.getByText('Connected')).toBeVisible();

  await row.getByRole('button', { name: 'Delete clock' }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(row).toBeVisible();
  await row.getByRole('button', { name: 'Delete clock' }).click();
  await expect
    .poll(async () => (await person.client.from('mcp_servers').select('id')).data?.length, {
      timeout: 15_000,
    })
    .toBe(0);
});

test('live updates do not cancel a navigation, and input before hydration is kept', async ({ page }) => {
  const person = await newPerson('clicker');
  const id = await addDemoServer(person, 'clock');
  await signIn(page, person);
  await expect(page.getByRole('status', { name: 'Live updates: live' })).toBeVisible();
  await page.getByRole('link', { name: 'clock', exact: true }).click();
  await page.waitForURL(`**/servers/${id}`);
  let release = (): void => undefined;
  let held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/agents/__data.json*', async (route) => {
    await held;
    await route.continue();
  });
  const click = page.waitForRequest('**/agents/__data.json*');
  await page.getByRole('link', { name: 'Agents' }).click();
  await click;
  const discovered = await person.client.functions.invoke('discover-tools', { body: { server_id: id } });
  expect(discovered.error).toBeNull();
  await expect(page.getByRole('status', { name: 'Status: Connected' })).toBeVisible();
  release();
  await expect(page).toHaveURL(/\/agents$/);

  held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/*.js', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${runningStack().web_url}/workspace/new`, { waitUntil: 'commit' });
  await page.getByRole('textbox', { name: 'Name' }).fill('Early bird');
  release();
  await page.waitForLoadState('networkidle');
  await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue('Early bird');

  held = new Promise<void>((resolve) => (release = resolve));
  await page.goto(`${runningStack().web_url}/servers/new`, { waitUntil: 'commit' });
  await page.getByText('Description, protocol, timeout').click();
  release();
  await page.waitForLoadState('networkidle');
  await expect(page.getByRole('textbox', { name: 'Description' })).toBeVisible();
});

test("a user cannot open another user's server by its URL", async ({ page }) => {
  const [owner, stranger] = [await newPerson('owner'), await newPerson('stranger')];
  const id = await addDemoServer(owner, 'clock');
  await signIn(page, stranger);
  for (const path of [`/servers/${id}`, `/servers/${id}/edit`]) {
    const answer = await page.goto(`${runningStack().web_url}${path}`);
    expect(answer?.status(), path).toBe(404);
    expect(await page.content(), path).not.toContain(demoServer('clock').url);
  }
});

test('input typed before hydration is kept', async ({ page }) => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/*.js', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${runningStack().web_url}/sign-up`, { waitUntil: 'commit' });
  await page.getByLabel('Email').fill('early@patchbay.local');
  await page.getByLabel('Password').fill('typed before anything ran');
  const alive = page.waitForRequest('**/*.js');
  release();
  await alive;
  await page.waitForLoadState('networkidle');
  await expect(page.getByLabel('Email')).toHaveValue('early@patchbay.local');
  await expect(page.getByLabel('Password')).toHaveValue('typed before anything ran');
});
