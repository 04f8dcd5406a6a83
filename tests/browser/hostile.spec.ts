import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import type { LoopbackServer } from '../../local/servers/loopback-server.ts';
import { browserOptions } from '../support/browser/browser.ts';
import { complaintsOf } from '../support/browser/complaints.ts';
import { startHostileServer, TERMINAL_ATTACK } from '../support/servers/hostile-server.ts';
import { newPerson } from '../support/person.ts';
import { addServer } from '../support/rest-api.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions(), viewport: { width: 390, height: 800 } });

let server: LoopbackServer;
test.beforeAll(async () => {
  server = await startHostileServer();
});
test.afterAll(() => server.close());

function strangersOf(page: Page): string[] {
  const strangers: string[] = [];
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    const isOwn = hostname === '127.0.0.1' || protocol === 'data:' || protocol === 'blob:';
    if (!isOwn) strangers.push(request.url());
  });
  return strangers;
}

async function expectUnharmed(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    hit: '__hit' in window,
    scripts: document.querySelectorAll('main script, main img, main iframe, main svg[onload]').length,
    links: [...document.querySelectorAll('a')].map((link) => link.href),
    overhang: Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
  }));
  expect({ hit: found.hit, scripts: found.scripts, overhang: found.overhang }).toEqual({
    hit: false,
    scripts: 0,
    overhang: 0,
  });
  expect(found.links.filter((link) => !link.startsWith(runningStack().web_url))).toEqual([]);
}

test('hostile server content does not harm pages or logs', async ({ page }) => {
  const [complaints, strangers] = [complaintsOf(page), strangersOf(page)];
  const person = await newPerson('target');
  const name = '<img src=x onerror="window.__hit = true">';
  const id = await addServer(person, { name, url: server.url });
  const discovered = await person.client.functions.invoke<{ tools: unknown[] }>('discover-tools', {
    body: { server_id: id },
  });
  expect(discovered.error).toBeNull();
  expect(discovered.data?.tools.length).toBeGreaterThan(0);

  await signIn(page, person);
  await expect(page.getByText(name).first()).toBeVisible();
  await expectUnharmed(page);

  await page.goto(`${runningStack().web_url}/servers/${id}`);
  await expect(page.getByText('tell_a_joke', { exact: true }).first()).toBeVisible();
  for (const summary of await page.locator('main summary').all())
    if (await summary.isVisible()) await summary.click();
  await expectUnharmed(page);

  await page.goto(`${runningStack().web_url}/talk`);
  await page.getByRole('button', { name: 'Text only' }).click();
  const transcript = page.getByRole('log', { name: 'Transcript' });
  await expect(transcript.getByText(/The agent has \d+ tool/)).toBeVisible({ timeout: 40_000 });
  await page.getByRole('textbox', { name: 'Type a message' }).fill('tell a joke');
  await page.getByRole('button', { name: 'Send' }).click();
  await transcript.getByText('Result').click({ timeout: 40_000 });
  await expect(page.getByRole('group', { name: /^Result of/ })).toContainText('<script>');
  await expectUnharmed(page);
  await page.getByRole('button', { name: 'End', exact: true }).click();

  await page.goto(`${runningStack().web_url}/conversations`);
  await page.getByRole('link', { name: 'tell a joke' }).click();
  await expect(page.getByRole('list', { name: 'Transcript' })).toContainText('tell_a_joke');
  await expectUnharmed(page);

  expect(complaints).toEqual([]);
  expect(strangers).toEqual([]);
  const logs = join(dirname(process.env['PATCHBAY_STACK'] ?? ''), 'logs');
  for (const part of ['web', 'worker', 'supabase']) {
    expect(readFileSync(join(logs, `${part}.log`), 'utf8'), part).not.toContain(TERMINAL_ATTACK);
  }
});
