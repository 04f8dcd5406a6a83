import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { expect, test, type Page } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { addDemoServer, newPerson, type Person } from '../support/person.ts';
import { serviceClient } from '../support/rest-api.ts';
import { demoServer, runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

async function recordCalls({ id: user_id }: Person, server_id: string, count: number): Promise<void> {
  const service = serviceClient();
  const server = await service.from('mcp_servers').select('workspace_id').eq('id', server_id).single<{
    workspace_id: string;
  }>();
  const calls = Array.from({ length: count }, (_, index) => ({
    id: randomUUID(),
    user_id,
    workspace_id: server.data?.workspace_id,
    server_id,
    tool_name: 'later',
    arguments: {},
    outcome: 'timeout',
    started_at: new Date(Date.now() + index).toISOString(),
    duration_ms: 5_000,
  }));
  expect((await service.from('tool_calls').insert(calls)).error).toBeNull();
}

const rows = (page: Page) => page.getByRole('list', { name: 'Servers' }).getByRole('listitem');

test('many servers are searched, sorted, selected by keyboard, changed and deleted together', async ({
  page,
}) => {
  const person = await newPerson('many');
  const names = Array.from({ length: 120 }, (_, index) => `server ${String(index).padStart(3, '0')}`);
  const { error } = await person.client
    .from('mcp_servers')
    .insert(
      names.map((name) => ({ name, url: `https://${name.replace(' ', '-')}.example/mcp`, is_active: false })),
    );
  expect(error).toBeNull();
  await signIn(page, person);
  // Rows are rendered when they scroll into view.
  await expect(rows(page)).toHaveCount(30);

  await page.keyboard.press('/');
  await page.keyboard.type('server-11');
  await expect(rows(page)).toHaveCount(10);
  await expect(page).toHaveURL(/q=server/);
  await page.reload();
  await expect(rows(page)).toHaveCount(10);
  await page.getByLabel('Sort').selectOption('name');

  await page.getByRole('link', { name: 'server 110', exact: true }).focus();
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(page.getByText('3 selected')).toBeVisible();
  await page.getByRole('checkbox', { name: 'Select server 115' }).click({ modifiers: ['Shift'] });
  await expect(page.getByText('6 selected')).toBeVisible();

  await page.getByLabel('Tag', { exact: true }).fill('night');
  await page.getByRole('button', { name: 'Add tag' }).click();
  await expect
    .poll(
      async () =>
        (await person.client.from('mcp_servers').select('name').contains('tags', ['night'])).data?.length,
    )
    .toBe(6);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(rows(page)).toHaveCount(4);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(rows(page)).toHaveCount(10);
  const { count } = await person.client.from('mcp_servers').select('id', { count: 'exact', head: true });
  expect(count).toBe(120);
});

test('the server form shows test phases, keeps a draft and merges concurrent edits', async ({ page }) => {
  const person = await newPerson('editor');
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/servers/new`);
  await page.getByLabel('URL').fill(demoServer('notes').url);
  await page.getByRole('button', { name: 'Test connection' }).click();
  const findings = page.getByRole('region', { name: 'Connection test' });
  await findings.getByRole('button', { name: /API key/ }).click();
  await expect(page.getByLabel('Credential')).toBeFocused();
  await page.getByLabel('Credential').fill(demoServer('notes').credential ?? '');
  await page.getByRole('button', { name: 'Test again' }).click();
  await expect(findings.getByText('Connected: 2 tools found')).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('notes');
  await page.getByLabel('Tags').fill('kept');
  await page.reload();
  await expect(page.getByText('Draft restored.')).toBeVisible();
  await expect(page.getByLabel('Tags')).toHaveValue('kept');
  await expect(page.getByLabel('Credential')).toHaveValue('');

  const id = await addDemoServer(person, 'clock');
  await page.goto(`${runningStack().web_url}/servers/${id}/edit`);
  await page.getByLabel('Name', { exact: true }).fill('Mine');
  const change = { name: 'Theirs', description: 'Added by another' };
  expect((await person.client.from('mcp_servers').update(change).eq('id', id)).error).toBeNull();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/Someone else saved this server while you were editing/)).toBeVisible();
  await expect(page.getByText('Applied from their version: Description.')).toBeVisible();
  await page.getByRole('button', { name: 'Theirs', exact: true }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Theirs');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/\/servers$/);
  const { data } = await person.client.from('mcp_servers').select('name, description').eq('id', id).single();
  expect(data).toEqual(change);
});

test("pasted mcpServers JSON is tested and imported, with reasons for entries that can't be", async ({
  page,
}) => {
  const person = await newPerson('importer');
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/servers/import`);
  const notes = demoServer('notes');
  const file = {
    mcpServers: {
      clock: { url: demoServer('clock').url },
      notes: { url: notes.url, headers: { 'X-API-Key': notes.credential } },
      gone: { url: `${runningStack().supabase_url}/nothing/here` },
      files: { command: 'npx', args: ['server-filesystem', '/tmp'] },
    },
  };
  await page.getByLabel(/JSON from Claude/).fill(JSON.stringify(file));
  await page.getByRole('button', { name: 'Check' }).click();
  const found = page.getByRole('list', { name: 'Servers found' }).getByRole('listitem');
  await expect(found.filter({ hasText: 'clock' }).getByText('Connected: 3 tools')).toBeVisible();
  await expect(found.filter({ hasText: 'notes' }).getByText('Connected: 2 tools')).toBeVisible();
  await expect(found.filter({ hasText: 'gone' }).getByText('Failed')).toBeVisible();
  await expect(page.getByText(/runs a program/)).toBeVisible();
  expect(await page.content()).not.toContain(notes.credential);
  await page.getByRole('button', { name: 'Add selected' }).click();
  await expect(page.getByText('Added 2 of 2 servers.')).toBeVisible();
  const { data } = await person.client
    .from('mcp_servers')
    .select('name, is_active, has_credential')
    .order('name');
  expect(data).toEqual([
    { name: 'clock', is_active: true, has_credential: false },
    { name: 'notes', is_active: true, has_credential: true },
  ]);
});

test('a tool is called from a form with progress, and canceled', async ({ page }) => {
  const person = await newPerson('trier');
  const id = await addDemoServer(person, 'everything');
  expect(
    (await person.client.functions.invoke('discover-tools', { body: { server_id: id } })).error,
  ).toBeNull();
  await signIn(page, person);
  await page.goto(`${runningStack().web_url}/servers/${id}`);

  await page.getByRole('button', { name: 'Try get-sum' }).click();
  const sum = page.getByRole('group', { name: 'Try get-sum' });
  await sum.getByRole('spinbutton', { name: /^a/ }).fill('19');
  await sum.getByRole('spinbutton', { name: /^b/ }).fill('23');
  await sum.getByRole('button', { name: 'Call' }).click();
  await expect(sum.getByText(/42/).first()).toBeVisible();

  await page.getByRole('button', { name: 'Try trigger-long-running-operation' }).click();
  const long = page.getByRole('group', { name: 'Try trigger-long-running-operation' });
  await long.getByRole('button', { name: 'JSON' }).click();
  await long.getByLabel('Arguments as JSON').fill('{"duration": 120, "steps": 240}');
  await long.getByRole('button', { name: 'Call' }).click();
  await expect(long.getByRole('progressbar')).toBeVisible();
  await long.getByRole('button', { name: 'Cancel' }).click();
  await expect(long.getByText('Call canceled.')).toBeVisible();

  await expect
    .poll(
      async () =>
        (await person.client.from('tool_calls').select('tool_name, outcome, session_id').order('tool_name'))
          .data,
    )
    .toEqual([
      { tool_name: 'get-sum', outcome: 'ok', session_id: null },
      { tool_name: 'trigger-long-running-operation', outcome: 'cancelled', session_id: null },
    ]);

  // The filter searches all calls, not only those shown.
  await recordCalls(person, id, 20);
  await page.reload();
  const calls = page.getByRole('list', { name: 'Tool calls' }).getByRole('listitem');
  await expect(calls.filter({ hasText: 'get-sum' })).toHaveCount(0);
  await page.getByLabel('Filter tool calls').selectOption('Succeeded');
  await expect(page).toHaveURL(/calls=ok/);
  await expect(calls.filter({ hasText: 'get-sum' })).toHaveCount(1);
  await page.getByLabel('Filter tool calls').selectOption('All outcomes');
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(calls.filter({ hasText: 'get-sum' })).toHaveCount(1);
});

async function choose(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Command palette' });
  await palette.getByRole('combobox').fill(words);
  await expect(palette.getByRole('option').first()).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(palette).toBeHidden();
}

test('the command palette finds servers, and shortcuts navigate the app', async ({ page }) => {
  const person = await newPerson('keys');
  const id = await addDemoServer(person, 'clock');
  await signIn(page, person);
  await expect(rows(page)).toHaveCount(1);
  const palette = page.getByRole('combobox', { name: 'Search or jump to' });
  await expect(page.getByRole('status', { name: 'Live updates: live' })).toBeVisible();
  await page.route('**/*.js', async (route) => {
    await sleep(300);
    await route.continue();
  });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('clock');
  await expect(palette).toHaveValue('clock');
  await page.unroute('**/*.js');
  await expect(page.getByRole('option', { name: /^clock/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/servers/${id}`);
  await choose(page, 'reconnect clock');
  await expect(page.getByText(/clock connected\. 3 tools/)).toBeVisible();
  await choose(page, 'current_time');
  await page.waitForURL(`**/servers/${id}#tool-current_time`);
  await expect(page.getByText('The model sees it as clock__current_time')).toBeInViewport();
  await choose(page, 'deactivate clock');
  await expect(page.getByRole('status', { name: 'Status: Disabled' })).toBeVisible();
  await choose(page, 'activate clock');
  await choose(page, 'test clock');
  await expect(page.getByText('Connected: 3 tools found')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.waitForURL('**/servers');
  await page.keyboard.press('?');
  const shortcuts = page.getByRole('heading', { name: 'Keyboard shortcuts' });
  await expect(shortcuts).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(shortcuts).toBeHidden();
  // The second key has to come within a second, which a busy machine may miss.
  await expect(async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await expect(page).toHaveURL(/\/agents$/, { timeout: 3_000 });
  }).toPass();
});
