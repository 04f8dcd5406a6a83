import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { browserOptions } from '../support/browser/browser.ts';
import { complaintsOf } from '../support/browser/complaints.ts';
import { FIRST_LOAD_KIB, firstLoads } from '../support/browser/first-load.ts';
import { pageRoutes, PAGES, type AppPage } from '../support/browser/pages.ts';
import { runningStack } from '../support/running-stack.ts';
import { setScene, type Scene } from '../support/browser/scene.ts';
import { signIn } from '../support/browser/sign-in.ts';

test.use({ launchOptions: browserOptions() });

const WIDE = { width: 1360, height: 820 };
const PHONE = { width: 390, height: 800 };
const THEMES = ['light', 'dark'] as const;
/** For axe on a busy machine. */
const ALL_PAGES_MS = 300_000;

let scene: Scene;
test.beforeAll(async () => {
  scene = await setScene('visitor');
});

const pages = Object.values(PAGES);
const addressOf = (page: AppPage): string => runningStack().web_url + page.path(scene);

/** @param rules default: all of axe's */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const found = await (rules ? axe.withRules(rules) : axe).analyze();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

const overhang = (page: Page): Promise<number> =>
  page.evaluate(() =>
    Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
  );

test('the list of tested pages covers every route', () => {
  expect(pageRoutes().sort()).toEqual(Object.keys(PAGES).sort());
});

test('every page loads within its JavaScript budget', async ({ page, context }) => {
  await signIn(page, scene.person);
  const weighed = await firstLoads(scene, context);
  expect(Math.min(...weighed.map(({ gzipKib }) => gzipKib))).toBeGreaterThan(0);
  expect(weighed.filter(({ gzipKib }) => gzipKib > FIRST_LOAD_KIB)).toEqual([]);
});

for (const theme of THEMES) {
  test.describe(`in the ${theme} theme`, () => {
    // With transitions, colors would be measured halfway through.
    test.use({ colorScheme: theme, viewport: WIDE, contextOptions: { reducedMotion: 'reduce' } });

    test('every page loads directly and has no accessibility violations', async ({ page }) => {
      test.setTimeout(ALL_PAGES_MS);
      const complaints = complaintsOf(page);
      // The themes differ only in color.
      const rules = theme === 'light' ? undefined : ['color-contrast'];
      const visit = async (one: AppPage): Promise<void> => {
        const answer = await page.goto(addressOf(one));
        expect(answer?.status(), one.name).toBe(200);
        await expect(page.locator('h1:visible').first(), one.name).toBeVisible();
        expect(await violations(page, rules), one.name).toEqual([]);
        expect(await overhang(page), one.name).toBe(0);
      };
      for (const one of pages.filter(({ isPublic }) => isPublic)) await visit(one);
      await signIn(page, scene.person);
      for (const one of pages.filter(({ isPublic }) => !isPublic)) await visit(one);
      expect(complaints).toEqual([]);
    });
  });
}

test.describe('on a phone', () => {
  test.use({ viewport: PHONE, hasTouch: true, contextOptions: { reducedMotion: 'reduce' } });

  test('every page is reachable by navigation and fits on a phone', async ({ page }) => {
    test.setTimeout(ALL_PAGES_MS);
    const complaints = complaintsOf(page);
    await signIn(page, scene.person);
    await page.evaluate(() => Object.assign(window, { __sameDocument: true }));
    for (const one of pages.filter(({ isPublic }) => !isPublic)) {
      await page.evaluate((href) => {
        const link = document.createElement('a');
        link.href = href;
        document.body.append(link);
        link.click();
        link.remove();
      }, one.path(scene));
      // A page may remove one-time values from its address.
      const pathname = one.redirectsTo ?? new URL(addressOf(one)).pathname;
      await page.waitForURL((url) => url.pathname === pathname);
      await expect(page.locator('h1:visible').first(), one.name).toBeVisible();
      expect(await overhang(page), one.name).toBe(0);
    }
    // A full page load would have removed the marker.
    expect(await page.evaluate(() => '__sameDocument' in window)).toBe(true);
    expect(complaints).toEqual([]);
  });
});

test('an unknown URL shows an error page with a way back', async ({ page }) => {
  await signIn(page, scene.person);
  const answer = await page.goto(`${runningStack().web_url}/nowhere`);
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'Page not found.' })).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('link', { name: 'Go to servers' }).click();
  await expect(page.getByRole('heading', { name: 'Servers' })).toBeVisible();
});

test('a malformed ID is a 404, also for a signed-in user', async ({ page }) => {
  const { web_url } = runningStack();
  await signIn(page, scene.person);
  for (const path of [
    'servers/x',
    'servers/%0a',
    'servers/x/edit',
    'agents/x',
    'agents/%ff',
    'conversations/%0a',
  ]) {
    const answer = await page.goto(`${web_url}/${path}`);
    expect([400, 404], path).toContain(answer?.status());
  }
  for (const path of [
    'servers?q=%00',
    'servers?tag=%00',
    'conversations?before=%00',
    'servers?workspace=x',
  ]) {
    const answer = await page.goto(`${web_url}/${path}`);
    expect([200, 400, 404], path).toContain(answer?.status());
  }
});
