import { gzipSync } from 'node:zlib';
import type { BrowserContext } from '@playwright/test';

export interface FirstLoad {
  page: string;
  gzipKib: number;
}

const SCRIPT = /\/_app\/immutable\/[\w./-]+\.js/g;

/**
 * Weighs the scripts that a page needs to come alive: those that its document preloads or imports. What is loaded
 * later, when the page stands, does not count.
 * @param browser whose session the page is asked with; null for a visitor
 */
export async function firstLoadOf(
  page: string,
  url: string,
  browser: BrowserContext | null,
): Promise<FirstLoad> {
  const html = browser ? await (await browser.request.get(url)).text() : await (await fetch(url)).text();
  const { origin } = new URL(url);
  const paths = new Set([...html.matchAll(SCRIPT)].map(([path]) => path));
  let bytes = 0;
  for (const path of paths) {
    const content = await (await fetch(origin + path)).arrayBuffer();
    bytes += gzipSync(new Uint8Array(content)).length;
  }
  return { page, gzipKib: bytes / 1024 };
}
