import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page, type WebSocketRoute } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { complaintsOf } from '../support/browser/complaints.ts';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, personalWorkspace, serviceClient } from '../support/rest-api.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions(), contextOptions: { reducedMotion: 'reduce' } });

const system = serviceClient();

/** Waits until the page has read its notices: those it finds then are not new. */
async function open(page: Page, person: Person): Promise<void> {
  const look = page.waitForResponse(/\/api\/notices$/, { timeout: 30_000 });
  await signIn(page, person);
  await expect(page.getByRole('status', { name: 'Live updates: live' })).toBeVisible({ timeout: 30_000 });
  await (await look).finished();
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
}

interface NoticeRow {
  server_id: string;
  workspace_id: string;
  kind: string;
  details?: Record<string, unknown>;
}

async function tell(notices: NoticeRow[]): Promise<void> {
  const rows = notices.map((notice, n) => ({ details: {}, ...notice, key: `test ${n}` }));
  await system.from('notices').insert(rows).throwOnError();
}

test('notices appear live, are marked as read, and are delivered to a webhook that is saved, tested and removed', async ({
  page,
}) => {
  const received: string[] = [];
  const receiver = createServer((request, response) => {
    received.push(String(request.headers['webhook-signature']));
    request.resume().on('end', () => response.writeHead(204).end());
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;

  const complaints = complaintsOf(page);
  const person = await newPerson('noticed');
  const workspace_id = await personalWorkspace(person);
  const server_id = await addServer(person, { name: 'Weather', url: 'http://127.0.0.1:9/mcp' });
  await person.client.from('mcp_servers').update({ is_active: false }).eq('id', server_id).throwOnError();
  await open(page, person);
  const about = { server_id, workspace_id };
  await tell([{ ...about, kind: 'down', details: { error_code: 'connection_refused' } }]);
  await expect(page.getByText('Weather is down')).toBeVisible();
  await expect(page.getByRole('link', { name: /Notices.*1 new/ }).first()).toBeVisible();

  await page.goto(`${runningStack().web_url}/notices`);
  await expect(page.getByRole('status').filter({ hasText: '1 unread' })).toBeVisible();
  await system.from('notices').delete().eq('server_id', server_id).throwOnError();
  await tell([
    { ...about, kind: 'down', details: { error_code: 'connection_refused' } },
    {
      ...about,
      kind: 'back',
      details: { started_at: '2026-11-22T10:00:00Z', ended_at: '2026-11-22T10:09:00Z' },
    },
    { ...about, kind: 'unstable' },
    { ...about, kind: 'needs_auth', details: { error_code: 'unauthorized' } },
    { ...about, kind: 'tools_changed', details: { added: ['forecast'], changed: [], removed: [] } },
    { ...about, kind: 'certificate', details: { expires_at: '2026-12-01T00:00:00Z', days: 9 } },
  ]);
  const list = page.getByRole('list', { name: 'Notices' });
  await expect(list.getByRole('listitem')).toHaveCount(6);
  for (const words of ['Down for 9 min.', 'New: forecast.', 'It expires on Dec 1, 2026.'])
    await expect(list.getByText(words)).toBeVisible();
  await expectAccessible(page);
  await list.getByRole('button', { name: 'Mark as read: Weather is back' }).click();
  await expect(page.getByRole('status').filter({ hasText: '5 unread' })).toBeVisible();
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'All read' })).toBeVisible();

  const card = page.getByRole('region', { name: 'Webhook' });
  await card.getByLabel('URL').fill('ftp://nowhere');
  await card.getByRole('button', { name: 'Save webhook' }).click();
  await expect(card.getByLabel('URL')).toHaveAttribute('aria-invalid', 'true');
  await expect(card.getByLabel('URL')).toHaveValue('ftp://nowhere');
  await card.getByLabel('URL').fill(hook);
  await card.getByRole('button', { name: 'Save webhook' }).click();
  await expect(card.getByText(/^whsec_/)).toBeVisible();
  await expectAccessible(page);
  await card.getByRole('button', { name: 'Send test message' }).click();
  await expect.poll(() => received.length, { timeout: 15_000 }).toBe(1);
  expect(received[0]).toMatch(/^v1,/);
  await expect(async () => {
    await page.reload();
    await expect(card.getByText(/^delivered/)).toBeVisible({ timeout: 1_000 });
  }).toPass();
  expect(await page.content()).not.toContain('whsec_');
  await card.getByRole('button', { name: 'Remove webhook' }).click();
  await expect(card.getByText('Webhook removed.')).toBeVisible();
  await expect(card.getByLabel('URL')).toHaveValue('');
  receiver.closeAllConnections();
  receiver.close();
  // Browsers log each form that is answered with 400 as a network error.
  expect(complaints.filter((text) => !text.includes('400'))).toEqual([]);
});

test('the page reports lost live updates, then catches up with one toast', async ({ page }) => {
  let isAway = false;
  const lines = new Set<WebSocketRoute>();
  await page.routeWebSocket(/\/realtime\//, (line) => {
    if (isAway) return void line.close();
    line.connectToServer();
    lines.add(line);
  });
  const person = await newPerson('offline');
  const workspace_id = await personalWorkspace(person);
  const ids: string[] = [];
  for (let n = 0; n < 6; n += 1)
    ids.push(await addServer(person, { name: `Server ${n}`, url: `http://127.0.0.${n + 1}:9/mcp` }));
  await system.from('mcp_server_health').update({ due_at: null }).in('server_id', ids).throwOnError();
  const report = async (status: string, error_code: string | null): Promise<void> => {
    const observed_at = new Date().toISOString();
    const p_observations = ids.map((server_id) => ({
      ...{ server_id, config_version: 1, observed_at, source: 'monitor', status, error_code },
    }));
    await system.rpc('report_server_status', { p_observations }).throwOnError();
  };
  await report('connected', null);
  await open(page, person);
  await expect(page.getByText('Connected', { exact: true })).toHaveCount(ids.length);

  isAway = true;
  for (const line of lines) await line.close();
  await expect(page.getByRole('status', { name: 'Live updates: live' })).toBeHidden();
  await report('error', 'connection_refused');
  await tell(ids.map((server_id) => ({ server_id, workspace_id, kind: 'down' })));
  isAway = false;
  const backAt = Date.now();
  await expect(page.getByText('6 new notices about your servers')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText('Offline', { exact: true })).toHaveCount(ids.length);
  expect(Date.now() - backAt).toBeLessThan(60_000);
  await expect(page.getByText(/^Server \d is down$/)).toHaveCount(0);
});

test('the page says when health checks are paused and when the network is down', async ({ page }) => {
  const monitoring = { is_monitored: false, network_away_since: null as string | null };
  await page.route('**/api/watch', (route) => route.fulfill({ json: monitoring }));
  await signIn(page, await newPerson('unwatched'));
  await expect(page.getByText('Health checks are paused.')).toBeVisible();
  await expectAccessible(page);
  Object.assign(monitoring, { is_monitored: true, network_away_since: new Date().toISOString() });
  await page.reload();
  await expect(page.getByText('Patchbay lost its internet connection')).toBeVisible();
  await expect(page.getByText('Health checks are paused.')).toBeHidden();
});
