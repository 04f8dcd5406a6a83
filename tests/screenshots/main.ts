// `npm run screenshots`: every page, wide and on a phone, light and dark, as images in .local/screenshots;
// with `-- clip`, the clip of the README. Uses the stack of this checkout, or starts one.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from '@playwright/test';
import { withStack } from '../../bench/stack.ts';
import { browserOptions } from '../support/browser/browser.ts';
import { PAGES } from '../support/browser/pages.ts';
import { setScene, type Scene } from '../support/browser/scene.ts';
import { signIn } from '../support/browser/sign-in.ts';
import { readStack, stackFile, type Stack } from '../../local/stack/stack-file.ts';
import { findChromium } from '../run/chromium.ts';
import { recordClip } from './clip.ts';

const LOCAL = join(import.meta.dirname, '../../.local');
const CLIP = join(import.meta.dirname, '../../docs/images/plug-in.webp');
const FOLDER = join(LOCAL, 'screenshots');
const SIZES = {
  wide: { viewport: { width: 1360, height: 820 } },
  phone: { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true },
};
const THEMES = ['light', 'dark'] as const;
const PATIENCE_MS = 60_000;

const say = (text: string): void => console.log(text);

async function shoot(
  browser: Browser,
  stack: Stack,
  scene: Scene,
  size: keyof typeof SIZES,
  theme: 'light' | 'dark',
) {
  const page = await browser.newPage({
    ...SIZES[size],
    colorScheme: theme,
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Rome',
  });
  page.setDefaultTimeout(PATIENCE_MS);
  const take = async (name: string): Promise<void> => {
    await page.screenshot({ path: join(FOLDER, `${name}-${size}-${theme}.png`) });
  };
  const show = async (path: string): Promise<void> => {
    await page.goto(stack.web_url + path, { waitUntil: 'networkidle' });
  };
  const pages = Object.values(PAGES);
  for (const { name, path } of pages.filter(({ isPublic }) => isPublic)) {
    await show(path(scene));
    await take(name);
  }
  await signIn(page, scene.person);
  for (const { name, path } of pages.filter(({ isPublic }) => !isPublic)) {
    await show(path(scene));
    await take(name);
  }
  await show('/nowhere');
  await take('not-found');
  if (stack.voice_unavailable === undefined) {
    await show('/talk');
    await talk(page, () => take('talk-live'));
  }
  await page.close();
}

async function talk(page: Page, take: () => Promise<void>): Promise<void> {
  await page.getByRole('button', { name: 'Text only' }).click();
  const log = page.getByRole('log', { name: 'Transcript' });
  await log
    .getByText(/^Agent/)
    .first()
    .waitFor();
  await page.getByRole('textbox', { name: 'Type a message' }).fill('What time is it in Tokyo?');
  await page.getByRole('button', { name: 'Send' }).click();
  await log
    .getByRole('paragraph')
    .filter({ hasText: /[AP]M in tokyo/i })
    .first()
    .waitFor();
  await log.getByText('Result').first().click();
  await take();
  await page.getByRole('button', { name: 'End', exact: true }).click();
}

async function withBrowser(use: (browser: Browser) => Promise<void>): Promise<void> {
  const executable = findChromium();
  if (executable === null) throw new Error('There is no Chromium: install it, or set PATCHBAY_CHROMIUM.');
  process.env['PATCHBAY_CHROMIUM'] = executable;
  const browser = await chromium.launch(browserOptions());
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

async function shootAll(stack: Stack): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const scene = await setScene('ada');
  await withBrowser(async (browser) => {
    for (const size of ['wide', 'phone'] as const) {
      for (const theme of THEMES) {
        say(`${size}, ${theme}`);
        await shoot(browser, stack, scene, size, theme);
      }
    }
  });
  say(`the images are in ${FOLDER}`);
}

async function recordReadmeClip(stack: Stack): Promise<void> {
  await withBrowser((browser) => recordClip(browser, stack, CLIP));
  say(`the clip is ${CLIP}`);
}

/** The file may be from a killed stack. */
const answers = ({ web_url }: Stack): Promise<boolean> =>
  fetch(`${web_url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

const make = process.argv[2] === 'clip' ? recordReadmeClip : shootAll;
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
process.once('disconnect', () => stopped.abort());
const running = readStack(LOCAL);
if (running && (await answers(running))) {
  process.env['PATCHBAY_STACK'] = stackFile(LOCAL);
  await make(running);
} else {
  await withStack({ say, signal: stopped.signal }, make);
}
if (process.connected) process.disconnect();
