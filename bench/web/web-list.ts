import type { Page } from '@playwright/test';
import { personalWorkspace, serviceClient } from '../../tests/support/rest-api.ts';
import type { Scene } from '../../tests/support/browser/scene.ts';
import type { Stack } from '../../local/stack/stack-file.ts';

const SERVERS = 1_000;
const AT_ONCE = 250;

export interface ListFigures {
  servers: number;
  interactions: number;
  slowestMs: number;
}

/** Fills the list, then types into the search and opens what a row offers, and takes what the browser measured. */
export async function measureList(page: Page, stack: Stack, { person }: Scene): Promise<ListFigures> {
  const workspace_id = await personalWorkspace(person);
  const limit = { name: 'servers', workspace_id, allowed: SERVERS * 2 };
  const allowed = await serviceClient().from('limits').insert(limit);
  if (allowed.error) throw new Error('the limit cannot be raised', { cause: allowed.error });
  for (let first = 0; first < SERVERS; first += AT_ONCE) {
    const rows = Array.from({ length: AT_ONCE }, (_, index) => ({
      workspace_id,
      name: `server ${first + index}`,
      url: `https://s${first + index}.patchbay.example/mcp`,
      is_active: false,
    }));
    const { error } = await person.client.from('mcp_servers').insert(rows);
    if (error) throw new Error('the list cannot be filled', { cause: error });
  }
  await page.goto(`${stack.web_url}/servers`, { waitUntil: 'networkidle' });
  // As text, because this program has no DOM types.
  await page.evaluate(`
    window.__slow = [];
    new PerformanceObserver((list) => window.__slow.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: 'event', durationThreshold: 16 })`);
  await page.keyboard.press('/');
  const words = 'server 77';
  for (const letter of words) await page.keyboard.type(letter, { delay: 120 });
  for (const _ of words) await page.keyboard.press('Backspace', { delay: 120 });
  await page.waitForTimeout(500);
  const slow = await page.evaluate<number[]>('window.__slow');
  return { servers: SERVERS, interactions: words.length * 2 + 1, slowestMs: Math.max(0, ...slow) };
}
