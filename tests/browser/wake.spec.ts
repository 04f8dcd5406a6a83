import { expect, test, type Page, type WebSocketRoute } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { tokenOf } from '../support/intruders.ts';
import { newPerson } from '../support/person.ts';
import { runningStack } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

const show = (page: Page, state: string): Promise<void> =>
  page.evaluate((shown) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => shown });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, state);

test('a page that wakes from sleep is live again at once with a fresh token', async ({ page }) => {
  const person = await newPerson('sleeper');
  const before = await tokenOf(person);
  const { data } = await person.client.auth.refreshSession();
  const after = data.session?.access_token ?? '';
  expect(after).not.toBe(before);

  const { supabase_url, publishable_key } = runningStack();
  let isOld = false;
  let socket: WebSocketRoute | undefined;
  const staleJoins: number[] = [];
  await page.route('**/api/access-token', (route) =>
    route.fulfill({
      json: {
        accessToken: isOld ? after : before,
        expiresAt: Date.now() + (isOld ? 3_600_000 : 95_000),
        supabaseUrl: supabase_url,
        publishableKey: publishable_key,
      },
    }),
  );
  await page.routeWebSocket(/realtime/, (route) => {
    socket = route;
    const server = route.connectToServer();
    server.onMessage((message) => route.send(message));
    route.onMessage((message) => {
      const frame: unknown = typeof message === 'string' ? JSON.parse(message) : [];
      const [joinRef, ref, topic, event, payload] = frame as [string, string, string, string, object];
      const isStale = isOld && event === 'phx_join' && JSON.stringify(payload).includes(before);
      if (!isStale) return server.send(message);
      staleJoins.push(Date.now());
      const refusal = { status: 'error', response: { reason: 'Token has expired' } };
      route.send(JSON.stringify([joinRef, ref, topic, 'phx_reply', refusal]));
    });
  });
  await signIn(page, person);
  const mark = (word: string) => page.getByRole('status', { name: `Live updates: ${word}`, exact: true });
  await expect(mark('live')).toBeVisible();

  await show(page, 'hidden');
  isOld = true;
  // The page's token is about to expire, so it asks for another.
  await page.waitForTimeout(6_000);
  await socket?.close({ code: 1011 });
  await expect(mark('reconnecting')).toBeVisible();
  await page.waitForTimeout(1_000);
  await show(page, 'visible');
  await expect(mark('live')).toBeVisible({ timeout: 3_000 });
  expect(staleJoins).toEqual([]);
});
