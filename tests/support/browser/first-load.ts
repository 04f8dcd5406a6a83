import { gzipSync } from 'node:zlib';
import type { BrowserContext } from '@playwright/test';
import { PAGES } from './pages.ts';
import { runningStack } from '../running-stack.ts';
import type { Scene } from './scene.ts';

/** No page may need more to come alive. */
export const FIRST_LOAD_KIB = 90;

export interface FirstLoad {
  page: string;
  gzipKib: number;
}

const SCRIPT = /\/_app\/immutable\/[\w./-]+\.js/g;

/** The headers name preloaded scripts. */
async function askFor(url: string, browser: BrowserContext | null): Promise<string> {
  const headers = { accept: 'text/html' };
  if (!browser) {
    const answer = await fetch(url, { headers });
    return `${answer.headers.get('link')}\n${await answer.text()}`;
  }
  const answer = await browser.request.get(url, { headers });
  return `${answer.headers()['link']}\n${await answer.text()}`;
}

/**
 * Counts the scripts that the document preloads or imports, not those loaded later.
 * @param browser whose session is used; null for a visitor
 */
async function firstLoadOf(page: string, url: string, browser: BrowserContext | null): Promise<FirstLoad> {
  const document = await askFor(url, browser);
  const { origin } = new URL(url);
  const paths = new Set([...document.matchAll(SCRIPT)].map(([path]) => path));
  let bytes = 0;
  for (const path of paths) {
    const content = await (await fetch(origin + path)).arrayBuffer();
    bytes += gzipSync(new Uint8Array(content)).length;
  }
  return { page, gzipKib: bytes / 1024 };
}

/**
 * The same of every page.
 * @param browser that is signed in; pages for visitors are asked without it
 */
export async function firstLoads(scene: Scene, browser: BrowserContext): Promise<FirstLoad[]> {
  const found: FirstLoad[] = [];
  for (const { name, path, isPublic } of Object.values(PAGES)) {
    found.push(await firstLoadOf(name, runningStack().web_url + path(scene), isPublic ? null : browser));
  }
  return found;
}
