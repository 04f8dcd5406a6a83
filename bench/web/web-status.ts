import type { Page } from '@playwright/test';
import { serviceClient } from '../../tests/support/rest-api.ts';
import type { Scene } from '../../tests/support/browser/scene.ts';
import type { Stack } from '../../local/stack/stack-file.ts';
import { summarize, type Summary } from '../statistics.ts';

const WARM_UP_ROUNDS = 3;
const ROUNDS = 40;
const REST_MS = 300;

/** Changes a status as a monitor does, and waits until its word is drawn: from the request to the pixel. */
export async function measureStatus(page: Page, stack: Stack, { serverId }: Scene): Promise<Summary> {
  await page.goto(`${stack.web_url}/servers`);
  await page.getByRole('status', { name: 'Live updates: live' }).waitFor();
  const service = serviceClient();
  const row = await service.from('mcp_servers').select('config_version').eq('id', serverId).single<{
    config_version: number;
  }>();
  if (row.error) throw new Error('the server cannot be read', { cause: row.error });
  const report = async (isUp: boolean): Promise<void> => {
    const observation = {
      server_id: serverId,
      config_version: row.data.config_version,
      observed_at: new Date().toISOString(),
      source: 'function',
      status: isUp ? 'connected' : 'error',
      error_code: isUp ? null : 'connection_refused',
      error_message: null,
      latency_ms: isUp ? 4 : null,
      protocol_version: null,
      server_info: null,
      capabilities: null,
      instructions: null,
    };
    const { error } = await service.rpc('report_server_status', { p_observations: [observation] });
    if (error) throw new Error('the status cannot be reported', { cause: error });
  };

  const samples: number[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const isUp = round % 2 === 1;
    const drawn = page.evaluate<number>(untilDrawn(isUp ? 'Connected' : 'Offline'));
    await page.waitForTimeout(REST_MS);
    const changedAt = performance.timeOrigin + performance.now();
    await report(isUp);
    const drawnAt = await drawn;
    if (round >= WARM_UP_ROUNDS) samples.push(drawnAt - changedAt);
  }
  return summarize(samples);
}

function untilDrawn(word: string): string {
  return `new Promise((resolve) => {
    const row = [...document.querySelectorAll('main li')].find((one) => one.textContent.includes('clock'));
    const check = () => {
      if (!row.textContent.includes('${word}')) return;
      observer.disconnect();
      // The frame that shows it has been drawn when the task after it runs.
      requestAnimationFrame(() => setTimeout(() => resolve(performance.timeOrigin + performance.now())));
    };
    const observer = new MutationObserver(check);
    observer.observe(row, { subtree: true, childList: true, characterData: true });
    check();
  })`;
}
