import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { addDemoServer, newPerson } from '../support/person.ts';
import { serviceClient } from '../support/rest-api.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

const row = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) });

async function expectAccessible(page: Page): Promise<void> {
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
}

test('the agent form shows errors by field and keeps its input', async ({ page }) => {
  const person = await newPerson('maker');
  await addDemoServer(person, 'clock');
  await signIn(page, person);
  await page.getByRole('link', { name: 'Agents' }).click();
  await page.getByRole('button', { name: 'Add agent' }).click();
  await page.getByLabel('Prompt').fill('You know the city.');
  await page.getByLabel('Model', { exact: true }).fill('the best one');
  await expect(page.getByLabel('Eagerness')).toBeHidden();
  await page.getByLabel('Turn detection').selectOption('semantic');
  await page.getByLabel('Eagerness').selectOption('high');
  await page.getByLabel('Reasoning effort').selectOption('low');
  await page.getByLabel('Caller language').selectOption({ label: 'German' });
  await page.getByLabel('Voice').selectOption('ash');
  await page.getByLabel('Selected servers only').check();
  await page.getByLabel('clock').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Give the agent a name.')).toBeVisible();
  await expect(page.getByText('Enter a model name, such as gpt-realtime-2.1.')).toBeVisible();
  await expect(page.getByLabel('Eagerness')).toHaveValue('high');
  await expect(page.getByLabel('Prompt')).toHaveValue('You know the city.');
  await expect(page.getByLabel('clock')).toBeChecked();
  await expectAccessible(page);

  await page.getByLabel('Name').fill('Guide');
  await page.getByLabel('Model', { exact: true }).fill('gpt-realtime-2.1-mini');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'Guide')).toContainText('voice ash · gpt-realtime-2.1-mini · selected servers');
  await expectAccessible(page);
  const stored = await person.client.from('agent_configs').select('*').eq('name', 'Guide').single();
  expect(stored.data).toMatchObject({
    model: 'gpt-realtime-2.1-mini',
    reasoning_effort: 'low',
    turn_detection: 'semantic',
    turn_eagerness: 'high',
    language: 'de',
  });
});

test('a rate-limited user sees when to retry, and the form keeps its input', async ({ page }) => {
  const person = await newPerson('hasty');
  await serviceClient()
    .from('limits')
    .insert({ name: 'writes_per_minute_per_user', user_id: person.id, allowed: 2 })
    .throwOnError();
  const writeMuch = () =>
    Promise.all(
      [1, 2, 3].map(() => person.client.from('mcp_servers').update({ description: 'x' }).neq('name', '')),
    );
  await signIn(page, person);
  await page.getByRole('link', { name: 'Agents' }).click();
  await page.getByRole('button', { name: 'Add agent' }).click();
  await page.getByLabel('Name').fill('Guide');
  await page.getByLabel('Prompt').fill('You know the city.');
  await writeMuch();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(
    page.getByText(/The limit of 2 writes per minute per user is reached: try again in \d+ seconds\./),
  ).toBeVisible();
  await expect(page.getByLabel('Name')).toHaveValue('Guide');
  await expect(page.getByLabel('Prompt')).toHaveValue('You know the city.');
});

test('an agent is duplicated, edited, selected for a conversation, made the default and deleted', async ({
  page,
}) => {
  const person = await newPerson('copies');
  const serverId = await addDemoServer(person, 'clock');
  const { data: agent } = await person.client
    .from('agent_configs')
    .insert({ name: 'Guide', voice_model: 'ash', all_servers: false, temperature: 20, language: 'pt-BR' })
    .select('id')
    .single<{ id: string }>();
  await person.client
    .from('agent_config_servers')
    .insert({ agent_config_id: agent?.id, server_id: serverId });
  await signIn(page, person);
  await page.getByRole('link', { name: 'Agents' }).click();
  await page.getByRole('button', { name: 'Duplicate Guide' }).click();
  await expect(row(page, 'Copy of Guide')).toContainText('voice ash · selected servers');
  await page.getByRole('button', { name: 'Make default agent: Guide', exact: true }).click();
  await expect(row(page, 'Guide').getByText('default', { exact: true })).toBeVisible();
  await expect(row(page, 'Assistant').getByText('default', { exact: true })).toHaveCount(0);

  await page.getByRole('link', { name: 'Edit Copy of Guide' }).click();
  await expect(page.getByLabel('clock')).toBeChecked();
  await page.getByLabel('Name').fill('Pilot');
  await page.getByLabel('All servers').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/Voice, model.* apply to the next conversation/)).toBeVisible();
  const pilot = await person.client.from('agent_configs').select('*').eq('name', 'Pilot').single();
  expect(pilot.data).toMatchObject({ temperature: 20, language: 'pt-BR' });
  await page.getByRole('link', { name: '← Agents' }).click();
  await expect(row(page, 'Pilot')).toContainText('all servers');

  await page.getByRole('link', { name: 'Talk to Pilot' }).click();
  await expect(page.getByLabel('Agent', { exact: true }).locator('option:checked')).toHaveText('Pilot');
  await page.goBack();
  await page.getByRole('link', { name: 'Delete Pilot' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'Guide')).toBeVisible();
  await expect(row(page, 'Pilot')).toHaveCount(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('agents are added and servers reordered without JavaScript', async ({ page }) => {
    const person = await newPerson('plain');
    await addDemoServer(person, 'clock');
    await addDemoServer(person, 'everything');
    await signIn(page, person);
    const servers = page.getByRole('list', { name: 'Servers' }).getByRole('listitem');
    await expect(servers.first()).toContainText('clock');
    await page.getByRole('button', { name: 'Move everything up' }).click();
    await expect(servers.first()).toContainText('everything');

    await page.goto(`${runningStack().web_url}/agents/new`);
    await page.getByLabel('Greeting').fill('Good day!');
    await page.getByLabel('Selected servers only').check();
    await page.getByLabel('clock').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Give the agent a name.')).toBeVisible();
    await expect(page.getByLabel('Greeting')).toHaveValue('Good day!');
    await expect(page.getByLabel('clock')).toBeChecked();
    await page.getByLabel('Name').fill('Plain');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(row(page, 'Plain')).toContainText('selected servers');
  });
});

test('servers are reordered with the keyboard, and focus follows', async ({ page }) => {
  const person = await newPerson('order');
  for (const name of ['clock', 'everything', 'notes']) await addDemoServer(person, name);
  await signIn(page, person);
  const order = () =>
    page.getByRole('list', { name: 'Servers' }).getByRole('link', { name: /^(clock|everything|notes)$/ });
  await expect(order()).toHaveText(['clock', 'everything', 'notes']);
  const up = page.getByRole('button', { name: 'Move notes up' });
  await up.focus();
  await page.keyboard.press('Enter');
  await expect(order()).toHaveText(['clock', 'notes', 'everything']);
  await expect(up).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(order()).toHaveText(['notes', 'clock', 'everything']);
  await page.reload();
  await expect(order()).toHaveText(['notes', 'clock', 'everything']);
});
